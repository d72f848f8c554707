// The first page in a real browser (Debian's Chromium through playwright-core), against the
// server at SECUREBASE_ENDPOINT. Prints "ok NAME" or "not ok NAME" a test.
//
//   SECUREBASE_ENDPOINT=http://127.0.0.1:8080 node web/test/page.test.mjs [--picture FILE.png]
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const endpoint = process.env.SECUREBASE_ENDPOINT ?? 'http://127.0.0.1:8080';
const pictureAt = process.argv.indexOf('--picture');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
});

let failed = 0;

// Each test has a page of its own, and fails when the page logs an error (a violation of the
// content-security policy among them) that it does not expect.
async function test(name, body, { allowErrors = false } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const page = await context.newPage();
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  try {
    await body(page);
    if (!allowErrors) assert.deepEqual(errors, []);
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${name}\n  ${String(error.stack ?? error).replaceAll('\n', '\n  ')}`);
  } finally {
    await context.close();
  }
}

await test('shows the seven criteria with value, target and verdict', async (page) => {
  await page.goto(endpoint);
  await page.waitForSelector('.tile');
  const tiles = await page.$$eval('.tile', (cards) =>
    cards.map((card) => ({
      name: card.querySelector('h3').firstChild.textContent,
      verdict: card.querySelector('.badge').textContent,
      target: card.querySelector('.target').textContent,
    })),
  );
  assert.equal(tiles.length, 7);
  for (const tile of tiles) {
    assert.match(tile.verdict, /^(PASS|FAIL|NO DATA)$/);
    assert.match(tile.target, /target [<>]/);
  }
  assert.match(await page.textContent('#verdict'), /of 7 criteria met/);
  if (pictureAt > 0) {
    await page.waitForSelector('#rate-chart canvas', { timeout: 20000 }).catch(() => {});
    await page.screenshot({ path: process.argv[pictureAt + 1], fullPage: true });
  }
});

await test('agrees with GET /v1/criteria', async (page) => {
  await page.goto(endpoint);
  await page.waitForSelector('.tile');
  const shown = await page.$$eval('.tile', (cards) => cards.map((c) => c.dataset.criterion));
  const answer = await (await fetch(`${endpoint}/v1/criteria?window=15m&record=false`)).json();
  assert.deepEqual(shown, answer.criteria.map((c) => c.id));
});

await test('draws traffic once there is some', async (page) => {
  for (let i = 0; i < 20; i += 1) {
    await fetch(`${endpoint}/v1/analytics?dateRange=30d&dimension=service`);
  }
  await page.goto(endpoint);
  await page.waitForSelector('#rate-chart canvas', { timeout: 30000 });
  await page.waitForSelector('#latency-chart canvas');
});

await test('a tile tells how it was measured', async (page) => {
  await page.goto(endpoint);
  await page.waitForSelector('.tile');
  await page.click('.tile[data-criterion="api-availability"] summary');
  const evidence = await page.textContent('.tile[data-criterion="api-availability"] pre');
  assert.ok(evidence.includes(endpoint), evidence);
});

await test('offers commands that name this server', async (page) => {
  await page.goto(endpoint);
  await page.waitForSelector('#next pre');
  const commands = await page.$$eval('#next pre', (all) => all.map((e) => e.textContent));
  assert.ok(commands.length >= 5);
  for (const command of commands) assert.ok(command.includes(endpoint), command);
});

await test('fits a telephone', async (page) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(endpoint);
  await page.waitForSelector('.tile');
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(overflow <= 0, `${overflow} px too wide`);
});

await test('asks for a key where the server wants one', async (page) => {
  let authorised = false;
  await page.route('**/v1/**', async (route) => {
    authorised = route.request().headers().authorization === 'Bearer sbk_good';
    return authorised
      ? route.continue()
      : route.fulfill({ status: 401, json: { error: 'no key', code: 'UNAUTHORIZED' } });
  });
  await page.goto(endpoint);
  await page.waitForSelector('#key-form:not([hidden])');
  await page.fill('#key', 'sbk_good');
  await page.click('#key-form button');
  await page.waitForSelector('.tile');
  assert.ok(authorised);
  assert.ok(await page.isHidden('#key-form'));
}, { allowErrors: true });

await test('says so when the server does not answer', async (page) => {
  await page.route('**/v1/**', (route) => route.abort());
  await page.goto(endpoint);
  await page.waitForSelector('#problem:not([hidden])');
  assert.match(await page.textContent('#problem'), /does not answer/);
}, { allowErrors: true });

await test('text from the server is shown, never run', async (page) => {
  await page.route('**/v1/criteria?**', async (route) => {
    const answer = await (await route.fetch()).json();
    answer.criteria[0].name = '<img src=x onerror="window.ran = true">';
    await route.fulfill({ json: answer });
  });
  await page.goto(endpoint);
  await page.waitForSelector('.tile');
  assert.match(await page.textContent('.tile h3'), /<img src=x/);
  assert.equal(await page.evaluate(() => window.ran), undefined);
});

await test('the policy forbids inline code and framing', async (page) => {
  const response = await page.goto(endpoint);
  const policy = response.headers()['content-security-policy'];
  assert.match(policy, /script-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.ok(!policy.includes('unsafe'));
});

await browser.close();
process.exit(failed ? 1 : 0);
