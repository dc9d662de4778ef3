/** How other clients share keys, write them, and what their flags mean. */
export { ForeignValue } from './foreign-value.ts';
export { phpSerde, type PhpSerdeOptions } from './php-serde.ts';
export { type Profile, type ProfileName, type ProfileOptions, profiles } from './profiles.ts';
