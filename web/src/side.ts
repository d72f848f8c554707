// The last load test, and what to try next.
import type { LoadTest } from './api';
import { byId, element } from './dom';

function milliseconds(seconds: number): string {
  const ms = seconds * 1000;
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}

export function showLoadTest(test: LoadTest | null): void {
  const box = byId('load-test');
  if (!test) {
    box.replaceChildren(
      element('p', 'empty', 'None yet. The first command on the right runs one; its result stands here.'),
    );
    return;
  }
  const r = test.result;
  const rows: [string, string][] = [
    ['Scenario', `${r.scenario ?? '–'}, ${r.concurrency ?? '–'} clients, ${r.model ?? '–'} model`],
    ['Requests', `${(r.requests ?? 0).toLocaleString()} at ${(r.requestsPerSecond ?? 0).toFixed(0)}/s`],
    ['Errors', `${((r.errorShare ?? 0) * 100).toFixed(2)} %`],
  ];
  if (r.latencySeconds) {
    const l = r.latencySeconds;
    rows.push(['P50, P95, P99', [l.p50, l.p95, l.p99].map(milliseconds).join(', ')]);
    rows.push(['Average, maximum', [l.avg, l.max].map(milliseconds).join(', ')]);
  }
  rows.push(['Verdict', r.verdict ?? '–'], ['When', new Date(test.storedAt).toLocaleString()]);
  const table = element('table');
  for (const [name, value] of rows) {
    const head = element('th', '', name);
    head.scope = 'row';
    table.append(element('tr', '', head, element('td', '', value)));
  }
  box.replaceChildren(table);
}

function copyable(command: string): HTMLElement {
  const button = element('button', '', 'Copy');
  button.type = 'button';
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(command).then(
      () => (button.textContent = 'Copied'),
      () => (button.textContent = 'Select and copy'),
    );
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  });
  return element('div', 'copy', element('pre', '', command), button);
}

export function showNext(): void {
  const here = location.origin;
  const next: [string, string][] = [
    ['Load it, and see the charts move:',
      `securebase loadtest --endpoint ${here} --key $KEY --requests 1000 --concurrency 10`],
    ['Ask for the verdict on the command line:', `securebase validate --endpoint ${here} --key $KEY`],
    ['Query it as a customer:',
      `curl -s -H "Authorization: Bearer $KEY" '${here}/v1/analytics?dateRange=30d&dimension=service'`],
    ['Read its own metrics with the AWS CLI:',
      `aws --endpoint-url ${here} cloudwatch list-metrics --namespace SecureBase/Analytics`],
    ['Bring your own cost data:',
      `securebase import focus FILE.csv --customer harbour-mills --endpoint ${here} --key $KEY`],
  ];
  byId('next').replaceChildren(
    ...next.map(([why, command]) => element('li', '', why, copyable(command))),
  );
}
