// DuckDB on workload W4: loads the CSV sorted by customer and day, then answers queries A, B and C
// for each customer given on standard input (JSON lines), printing what it cost.
//
//   node duckdb.mjs CSV < {"customers": [..]}
import { DuckDBInstance } from '@duckdb/node-api';
import { readFileSync } from 'node:fs';

const { customers } = JSON.parse(readFileSync(0, 'utf8'));
const db = await DuckDBInstance.create(':memory:', {
  threads: '1',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
});
const connection = await db.connect();
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const loading = cpu();
await connection.run(
  `CREATE TABLE cost AS SELECT * FROM read_csv('${process.argv[2]}', header = true,
   types = {'charge_date': 'DATE'}) ORDER BY customer_id, charge_date`,
);
const loadSeconds = cpu() - loading;

const queries = {
  A: `SELECT service, sum(billed_cost) AS cost, sum(quantity), count(*) FROM cost
      WHERE customer_id = $1 AND charge_date >= DATE '2026-05-02' AND charge_date < DATE '2026-06-01'
      GROUP BY service ORDER BY cost DESC`,
  B: `SELECT service, region, sum(effective_cost) AS cost, count(*) FROM cost
      WHERE customer_id = $1 AND charge_date >= DATE '2026-03-03' AND charge_date < DATE '2026-06-01'
        AND region IN ('us-east-1', 'us-west-2', 'eu-west-1')
        AND (service IN ('AmazonEC2', 'AmazonRDS', 'AmazonS3', 'AWSLambda', 'AmazonEKS')
             OR billed_cost > 2)
        AND "tags.env" = 'prod' AND charge_category <> 'Tax'
        AND (resource_id LIKE 'instance%' OR resource_id LIKE 'volume%')
      GROUP BY service, region ORDER BY cost DESC LIMIT 20`,
  C: `SELECT date_trunc('month', charge_date) AS month, "tags.team" AS team, sum(effective_cost), count(*) FROM cost
      WHERE customer_id = $1 AND charge_date >= DATE '2025-06-01' AND charge_date < DATE '2026-06-01'
      GROUP BY month, team ORDER BY month, team`,
};

const result = { loadSeconds, queries: {} };
for (const [name, sql] of Object.entries(queries)) {
  const statement = await connection.prepare(sql);
  const times = [];
  const rows = {};
  const before = cpu();
  for (const customer of customers) {
    const started = performance.now();
    statement.bindVarchar(1, customer);
    const read = await statement.runAndReadAll();
    times.push(performance.now() - started);
    rows[customer] = read.getRowsJson().length;
  }
  times.sort((a, b) => a - b);
  result.queries[name] = {
    cpuMs: ((cpu() - before) / customers.length) * 1000,
    p50: times[Math.floor(times.length / 2)],
    p95: times[Math.floor(times.length * 0.95)],
    rows,
  };
}
console.log(JSON.stringify(result));
