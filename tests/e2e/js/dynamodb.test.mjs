// @aws-sdk/client-dynamodb and lib-dynamodb, the low-level client and the document client.
import assert from 'node:assert/strict';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDB,
  DynamoDBClient,
  ListTablesCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
  paginateScan,
} from '@aws-sdk/lib-dynamodb';
import { collect, finish, refusal, settings, test, unique } from './lib.mjs';

const client = new DynamoDBClient(settings());
const documents = DynamoDBDocumentClient.from(client);
const table = unique('sdk');

await test('dynamodb: a table of one\'s own through the document client', async () => {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'n', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'n', AttributeType: 'N' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const { TableNames } = await client.send(new ListTablesCommand({}));
  assert.ok(TableNames.includes(table));
  for (const n of [3, 1, 2]) {
    await documents.send(
      new PutCommand({ TableName: table, Item: { id: 'a', n, text: 'größe', nested: { list: [1, true, null] } } }),
    );
  }
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: { id: 'a', n: 2 } }));
  assert.deepEqual(Item, { id: 'a', n: 2, text: 'größe', nested: { list: [1, true, null] } });
  const found = await documents.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'id = :id AND n > :n',
      ExpressionAttributeValues: { ':id': 'a', ':n': 1 },
    }),
  );
  assert.deepEqual(found.Items.map((item) => item.n), [2, 3]);
});

// The users' own function, as their document has it but for the metric.
await test('dynamodb: trackDelivery on the table report-schedules', async () => {
  const dynamodb = new DynamoDB(settings());
  const trackDelivery = async (scheduleId, status) => {
    await dynamodb.updateItem({
      TableName: 'report-schedules',
      Key: { scheduleId },
      UpdateExpression: 'SET #s = :status, lastDeliveryTime = :time',
      ExpressionAttributeNames: { '#s': 'deliveryStatus' },
      ExpressionAttributeValues: {
        ':status': status, // 'success' or 'failed'
        ':time': new Date().toISOString(),
      },
    });
  };
  await dynamodb.createTable({
    TableName: 'report-schedules',
    AttributeDefinitions: [{ AttributeName: 'scheduleId', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'scheduleId', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  await waitUntilTableExists({ client: dynamodb, minDelay: 1, maxWaitTime: 30 }, { TableName: 'report-schedules' });
  await trackDelivery('sch-1', 'success');
  await trackDelivery('sch-2', 'failed');
  await documents.send(
    new UpdateCommand({
      TableName: 'report-schedules',
      Key: { scheduleId: 'sch-2' },
      UpdateExpression: 'SET #s = :status',
      ExpressionAttributeNames: { '#s': 'deliveryStatus' },
      ExpressionAttributeValues: { ':status': 'success' },
    }),
  );
  const pages = paginateScan({ client: documents }, { TableName: 'report-schedules', Limit: 1 });
  const schedules = await collect(pages, 'Items');
  assert.deepEqual(
    schedules.map((s) => [s.scheduleId, s.deliveryStatus]).sort(),
    [['sch-1', 'success'], ['sch-2', 'success']],
  );
  assert.match(schedules[0].lastDeliveryTime, /^\d{4}-/);
  await dynamodb.deleteTable({ TableName: 'report-schedules' });
});

await test('dynamodb: updates, sets and returned values of the document client', async () => {
  const updated = await documents.send(
    new UpdateCommand({
      TableName: table,
      Key: { id: 'u', n: 1 },
      UpdateExpression: 'SET #m = :m ADD tags :t',
      ExpressionAttributeNames: { '#m': 'map' },
      ExpressionAttributeValues: { ':m': { on: true, list: [1, 'a'] }, ':t': new Set(['x', 'y']) },
      ReturnValues: 'ALL_NEW',
    }),
  );
  assert.deepEqual(updated.Attributes, {
    id: 'u',
    n: 1,
    map: { on: true, list: [1, 'a'] },
    tags: new Set(['x', 'y']),
  });
  const error = await refusal(
    documents.send(
      new PutCommand({
        TableName: table,
        Item: { id: 'u', n: 1 },
        ConditionExpression: 'attribute_not_exists(id)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
  assert.equal(error.name, 'ConditionalCheckFailedException');
  assert.deepEqual(error.Item.id, { S: 'u' });
});

await test('dynamodb: batches and transactions', async () => {
  const keys = [...Array(20).keys()].map((n) => ({ id: 'batch', n }));
  await documents.send(
    new BatchWriteCommand({
      RequestItems: { [table]: keys.map((key) => ({ PutRequest: { Item: { ...key, v: key.n * 2 } } })) },
    }),
  );
  const { Responses } = await documents.send(
    new BatchGetCommand({ RequestItems: { [table]: { Keys: keys } } }),
  );
  assert.equal(Responses[table].length, 20);
  const error = await refusal(
    documents.send(
      new TransactWriteCommand({
        TransactItems: [
          { Put: { TableName: table, Item: { id: 'tx', n: 1 } } },
          {
            ConditionCheck: {
              TableName: table,
              Key: { id: 'batch', n: 3 },
              ConditionExpression: 'v = :v',
              ExpressionAttributeValues: { ':v': 7 },
            },
          },
        ],
      }),
    ),
  );
  assert.equal(error.name, 'TransactionCanceledException');
  assert.deepEqual(error.CancellationReasons.map((r) => r.Code), ['None', 'ConditionalCheckFailed']);
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: { id: 'tx', n: 1 } }));
  assert.equal(Item, undefined);
});

await test('dynamodb: an unknown table is the error that the SDK names', async () => {
  const error = await refusal(documents.send(new GetCommand({ TableName: unique('none'), Key: { id: 'a' } })));
  assert.equal(error.name, 'ResourceNotFoundException');
});

await test('dynamodb: the table goes again', async () => {
  await client.send(new DeleteTableCommand({ TableName: table }));
});

finish();
