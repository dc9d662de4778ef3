import { MemcacheError, ProtocolError, ServerReplyError, UsageError } from '../wire/errors.ts';
import type { Dialect } from './dialect.ts';
import { metaDialect } from './dialect-meta.ts';
import { textDialect } from './dialect-text.ts';
import type { Executor } from './executor.ts';
import { toVersion } from './results.ts';

/**
 * The oldest server whose meta commands this package is tested with. Some before it speak them
 * otherwise (ElastiCache 1.6.6), and every server and proxy understands the classic commands.
 */
const META_SINCE = 1_006_018;

/**
 * Asks servers for their versions: the meta dialect where all that answer are new enough, else text.
 *
 * @throws What `execute` does where none answers. An answer that is no version is one: proxies give
 * such.
 */
export async function chooseDialect(servers: readonly Executor[]): Promise<Dialect> {
  const answers = await Promise.allSettled(servers.map(ask));
  const dialects = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (dialects.includes(textDialect)) return textDialect;
  if (dialects.length > 0) return metaDialect;
  const [first] = answers;
  throw first?.status === 'rejected' ? first.reason : new UsageError('servers', 'there are none');
}

async function ask(server: Executor): Promise<Dialect> {
  try {
    const version = toVersion(await server.execute({ verb: 'version' }));
    return isNewEnough(version) ? metaDialect : textDialect;
  } catch (error) {
    if (isAnswer(error)) return textDialect;
    throw error;
  }
}

function isAnswer(error: unknown): boolean {
  const { cause } = error instanceof MemcacheError ? error : { cause: undefined };
  return [error, cause].some((one) =>
    one instanceof ServerReplyError || one instanceof ProtocolError
  );
}

function isNewEnough(version: string): boolean {
  const [, major = 0, minor = 0, patch = 0] = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.map(Number) ??
    [];
  return major * 1e6 + minor * 1e3 + patch >= META_SINCE;
}
