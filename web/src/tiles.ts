// One tile a criterion: value, target, verdict, trend, and the command that gives the same figure.
import type { Criterion, CriteriaRun } from './api';
import { byId, element } from './dom';

const verdictClass = { PASS: 'pass', FAIL: 'fail', 'NO DATA': 'none' } as const;

/** A line through the values of earlier runs, oldest first; gaps where there was no data. */
function sparkline(values: (number | null)[], name: string): SVGSVGElement | null {
  const known = values.filter((v): v is number => v !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  let path = '';
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const x = (i / (values.length - 1)) * 100;
    const y = 26 - ((value - low) / span) * 24;
    path += `${drawing ? 'L' : 'M'}${x.toFixed(2)} ${y.toFixed(2)}`;
    drawing = true;
  });
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('viewBox', '0 0 100 28');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `Trend of ${name} over the last ${values.length} measurements`);
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** As the server words it, but small times in milliseconds: 0.00001 s tells a reader little. */
function valueText(criterion: Criterion): string {
  const value = criterion.value;
  if (value === null) return '–';
  if (criterion.unit === 'Seconds' && value > 0 && value < 1) {
    return `${Number((value * 1000).toPrecision(3))} ms`;
  }
  return criterion.valueText ?? String(value);
}

function details(criterion: Criterion, wasOpen: boolean): HTMLDetailsElement {
  const box = element('details', '', element('summary', '', 'How it was measured'));
  box.open = wasOpen;
  if (criterion.confidence) {
    const { low, high, method } = criterion.confidence;
    const digits = (n: number) => Number(n.toPrecision(4)).toString();
    box.append(element('p', '', `95 % confidence: ${digits(low)} to ${digits(high)} (${method})`));
  }
  for (const note of criterion.notes) box.append(element('p', '', `${note.name}: ${note.value}`));
  const evidence = criterion.evidence.join('\n').replaceAll('ENDPOINT', location.origin);
  if (evidence) box.append(element('pre', '', evidence));
  return box;
}

function tile(criterion: Criterion, trend: (number | null)[], wasOpen: boolean): HTMLElement {
  const samples = Math.round(criterion.sampleCount).toLocaleString();
  const card = element(
    'article',
    `card tile ${verdictClass[criterion.verdict]}`,
    element('h3', '', criterion.name, element('span', 'badge', criterion.verdict)),
    element('div', 'value', valueText(criterion)),
    element(
      'div',
      'target',
      `target ${criterion.target.text}` +
        (criterion.value === null ? ` · ${criterion.reason || 'no data yet'}` : ` · ${samples} samples`),
    ),
  );
  card.dataset.criterion = criterion.id;
  const line = sparkline(trend, criterion.name);
  if (line) card.append(line);
  card.append(details(criterion, wasOpen));
  return card;
}

export function showTiles(run: CriteriaRun, earlier: CriteriaRun[]): void {
  const box = byId('tiles');
  const open = new Set(
    [...box.querySelectorAll<HTMLElement>('.tile')]
      .filter((card) => card.querySelector('details')?.open)
      .map((card) => card.dataset.criterion),
  );
  const oldestFirst = [...earlier].reverse();
  box.replaceChildren(
    ...run.criteria.map((criterion) => {
      const trend = oldestFirst.map(
        (old) => old.criteria.find((c) => c.id === criterion.id)?.value ?? null,
      );
      return tile(criterion, [...trend, criterion.value], open.has(criterion.id));
    }),
  );
  const verdict = byId('verdict');
  const parts = [`${run.passed} of ${run.criteria.length} criteria met`];
  if (run.failed) parts.push(`${run.failed} missed`);
  if (run.noData) parts.push(`${run.noData} without data`);
  verdict.textContent = parts.join(', ');
  document.title = `${run.verdict === 'FAIL' ? '✗ ' : ''}${run.passed}/${run.criteria.length} · SecureBase`;
}
