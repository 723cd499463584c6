import { className } from './decorator.js';
import type { Owner } from './injection.js';
import { type InjectableClass, isBuiltIn, type Provider } from './provider.js';
import { type Token, tokenName } from './token.js';
import type { Home } from './view.js';

/** Something that is built because the step before it needs it. */
export interface Step {
  readonly owner: string | undefined;
  readonly made: Provider | InjectableClass<object>;
}

/** The steps that led to something, the first one first. */
export type Path = readonly Step[];

export const ownerText = (owner: string | undefined): string =>
  owner === undefined ? 'the application' : `plugin '${owner}'`;

const quoted = (token: Token<unknown>): string =>
  `'${typeof token === 'symbol' ? tokenName(token) : String(token)}'`;

function madeText({ made }: Step): string {
  if (typeof made === 'function') return className(made);
  return `token ${quoted(made.token)} (${'class' in made ? className(made.class) : 'factory'})`;
}

/** A path in a line that is about an owner: steps of others say whose they are. */
export const pathText = (path: Path, about: string | undefined): string =>
  path
    .map((step) => madeText(step) + (step.owner === about ? '' : ` of ${ownerText(step.owner)}`))
    .join(' -> ');

/** A line about an owner, who is named once, however many of the texts that make it up do. */
export function textAbout(owner: string | undefined, text: string): string {
  const about = `${ownerText(owner)}: `;
  return about + text.replaceAll(about, '');
}

/** What is wrong when an owner needs a token and sees no provider of it. */
export function missingText(
  token: Token<unknown>,
  owner: string | undefined,
  path: Path,
  owners: readonly Owner[],
): string {
  const way = path.length === 0 ? '' : `: ${pathText(path, owner)} -> ${quoted(token)}`;
  const elsewhere = owners
    .filter(({ providers }) => providers.some((provider) => provider.token === token))
    .map(({ name }) => name);
  const hint = elsewhere.length === 0 ? '' : ` (${hintText(elsewhere.map(ownerText).join(' and '), owner)})`;
  return `nobody provides ${quoted(token)} for ${ownerText(owner)}${way}${hint}`;
}

const hintText = (providers: string, owner: string | undefined): string =>
  owner === undefined
    ? `${providers} provides it, for plugins that require it: move what needs it into such a plugin`
    : `${providers} provides it: add it to requires`;

/** What is wrong when the last step of a path, or with an empty path its owner, needs a service of shorter life. */
export function outlivesText(token: Token<unknown>, owner: string | undefined, path: Path): string {
  const perSession = `${quoted(token)}, which has scope 'session'`;
  const wayOut = `ask context.services for ${quoted(token)} in a handler`;
  const needy = path.at(-1);
  if (needy === undefined)
    return `${ownerText(owner)} asks outside of a session for ${perSession}: ${wayOut}`;
  const other =
    typeof needy.made === 'function' ? '' : `give ${quoted(needy.made.token)} that scope too, or `;
  return `${ownerText(owner)}: ${pathText(path, owner)} outlives ${perSession}: ${other}${wayOut}`;
}

/** What is wrong when the first and the last step of a path are the same. */
export function ringText(path: Path): string {
  const owner = path[0]?.owner;
  return `services of ${ownerText(owner)} need each other: ${pathText(path, owner)}`;
}

/** What is wrong with the class of a step, after what `parametersOf` says. */
export const classText = ({ owner, made }: Step, text: string): string =>
  `${ownerText(owner)}: ${typeof made === 'function' ? '' : `token ${quoted(made.token)}: `}${text}`;

/** What is wrong when somebody sees several providers of a token. */
export const ambiguousText = (
  token: Token<unknown>,
  viewer: string | undefined,
  homes: readonly Home[],
): string =>
  `token ${quoted(token)} has ${homes.length} providers for ${ownerText(viewer)}: ` +
  `of ${homes.map(({ owner, provider }) => (isBuiltIn(provider) ? 'drumline' : ownerText(owner))).join(' and ')}`;
