import { request } from 'node:http';
import type { MetricsPlugin } from '../lib/index.js';
import { type Family, parseText } from './text-format.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One HTTP request on a connection of its own. */
export function ask(address: string | undefined, path = '/metrics', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${address}${path}`, { method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text: Buffer.concat(chunks).toString() });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** What a scrape of a plugin gives. Throws unless it is well formed. */
export async function scrape(plugin: Pick<MetricsPlugin, 'address'>): Promise<Map<string, Family>> {
  const { status, text } = await ask(plugin.address());
  if (status !== 200) throw new Error(`a scrape was answered with ${status}: ${text}`);
  return parseText(text);
}
