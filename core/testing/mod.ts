/** For tests of programs: the real client on the embedded server, without a socket or waiting. */
export { VirtualClock } from '../io/clock.ts';
export { createTestClient, type TestClient, type TestClientOptions } from './create-test-client.ts';
export { type StoredItem, TestServer } from './test-server.ts';
