/** What tests of programs need: the real client on the real server, with no socket and no waiting. */
export { VirtualClock } from '../io/clock.ts';
export { createTestClient, type TestClient, type TestClientOptions } from './create-test-client.ts';
export { type StoredItem, TestServer } from './test-server.ts';
