// Dashboards through @aws-sdk/client-cloudwatch, over JSON and CBOR.
import assert from 'node:assert/strict';
import {
  CloudWatchClient,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  ListDashboardsCommand,
  PutDashboardCommand,
} from '@aws-sdk/client-cloudwatch';
import { AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols';
import { finish, refusal, settings, test, unique } from './lib.mjs';

const body = JSON.stringify({
  widgets: [{ type: 'metric', properties: { title: 'größe', metrics: [['N', 'm'], ['...', { stat: 'p95' }]] } }],
});

async function suite(label, more) {
  const client = new CloudWatchClient(settings(more));
  const name = unique(`sdk-${label}`);
  const put = (DashboardBody, DashboardName = name) =>
    client.send(new PutDashboardCommand({ DashboardName, DashboardBody }));

  await test(`dashboards ${label}: puts, gets, lists, deletes`, async () => {
    const messages = (await put(body)).DashboardValidationMessages;
    assert.equal(messages.length, 1);
    assert.equal(messages[0].DataPath, '/widgets/0/properties');
    assert.match(messages[0].Message, /region/);
    const got = await client.send(new GetDashboardCommand({ DashboardName: name }));
    assert.equal(got.DashboardBody, body);
    assert.match(got.DashboardArn, /^arn:aws:cloudwatch::\d{12}:dashboard\/sdk-/);
    const list = await client.send(new ListDashboardsCommand({ DashboardNamePrefix: name }));
    assert.equal(list.DashboardEntries.length, 1);
    assert.equal(list.DashboardEntries[0].Size, Buffer.byteLength(body));
    assert.ok(list.DashboardEntries[0].LastModified instanceof Date);
    await client.send(new DeleteDashboardsCommand({ DashboardNames: [name] }));
    const after = await client.send(new ListDashboardsCommand({ DashboardNamePrefix: name }));
    assert.deepEqual(after.DashboardEntries, []);
  });

  await test(`dashboards ${label}: an empty list of messages is there`, async () => {
    const answer = await put('{"widgets":[]}');
    assert.deepEqual(answer.DashboardValidationMessages, []);
    await client.send(new DeleteDashboardsCommand({ DashboardNames: [name] }));
  });

  await test(`dashboards ${label}: refusals have the SDK's names and members`, async () => {
    const invalid = await refusal(put('{"widgets":[{}]}'));
    assert.equal(invalid.$metadata.httpStatusCode, 400);
    assert.match(invalid.message, /there are 2 validation errors/);
    assert.equal(invalid.dashboardValidationMessages.length, 2);
    assert.equal(invalid.dashboardValidationMessages[0].DataPath, '/widgets/0');
    const missing = await refusal(client.send(new GetDashboardCommand({ DashboardName: name })));
    assert.equal(missing.$metadata.httpStatusCode, 404);
    assert.match(missing.message, /does not exist/);
  });

  client.destroy();
}

await suite('json', {});
await suite('cbor', { protocol: AwsSmithyRpcV2CborProtocol });
finish();
