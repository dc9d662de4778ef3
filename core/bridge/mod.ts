/** The bridge without its sockets: admission, policies and limits. */
export { Bridge, type Place, type RunningBridge } from './bridge.ts';
export type { UpgradeAnswer, UpgradeRequest } from './admission.ts';
export type { Digest } from './guest.ts';
export type { BridgeClient, BridgeEvent } from './events.ts';
export { type BridgeRuntime, listenBridgeOn } from './listen-bridge.ts';
export {
  type BridgeLimits,
  bridgeLimits,
  type BridgeOptions,
  type BridgeSettings,
} from './options.ts';
export type { Policy } from './policy.ts';
export type { BridgeSession, BridgeSocket } from './session.ts';
