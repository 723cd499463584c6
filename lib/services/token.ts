/**
 * Names a service and its type. Two tokens of the same name are two tokens: a package that provides a service exports
 * its token. Made by `token`.
 */
export type Token<T> = symbol & { readonly '~type'?: T };

/** A new token; the name is for people, in error texts. */
export const token = <T>(name: string): Token<T> => Symbol(name) as Token<T>;

/** The name of a token, for a text. */
export const tokenName = (token: Token<unknown>): string => token.description ?? '';
