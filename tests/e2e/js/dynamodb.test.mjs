// @aws-sdk/client-dynamodb and lib-dynamodb, the low-level client and the document client.
import assert from 'node:assert/strict';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { finish, refusal, settings, test, unique } from './lib.mjs';

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

await test('dynamodb: an unknown table is the error that the SDK names', async () => {
  const error = await refusal(documents.send(new GetCommand({ TableName: unique('none'), Key: { id: 'a' } })));
  assert.equal(error.name, 'ResourceNotFoundException');
});

await test('dynamodb: the table goes again', async () => {
  await client.send(new DeleteTableCommand({ TableName: table }));
});

finish();
