// What the tests of this folder share: the server's address, clients' settings, and a test as a
// line of output, "ok NAME" or "not ok NAME", which tests/e2e/run.py counts.
//
//   SECUREBASE_ENDPOINT=http://127.0.0.1:8080 node tests/e2e/js/cloudwatch.test.mjs
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

export const endpoint = process.env.SECUREBASE_ENDPOINT ?? 'http://127.0.0.1:8080';

/// Settings of every client: no look-ups elsewhere, no repeats that hide an error.
export function settings(more = {}) {
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    ...more,
  };
}

let failed = 0;

export async function test(name, body) {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    const text = `${error.stack ?? error}`.split('\n').slice(0, 12).join('\n  ');
    console.log(`not ok ${name}\n  ${text}`);
  }
}

/// Ends the process with 1 where a test failed; the last line of every test file.
export function finish() {
  process.exit(failed ? 1 : 0);
}

export function unique(prefix) {
  return `${prefix}-${randomUUID().slice(0, 10)}`;
}

/// The server's clock: it may have been started at another time.
export async function serverTime() {
  const response = await fetch(`${endpoint}/healthz`);
  return new Date(response.headers.get('date'));
}

/// The error that the promise is refused with; fails where it is not.
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('the call should have been refused');
}

/// All of a paged answer's elements.
export async function collect(pages, member) {
  const all = [];
  for await (const page of pages) all.push(...page[member]);
  return all;
}
