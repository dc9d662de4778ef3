import { MemcacheError, ProtocolError, ServerReplyError } from '../wire/errors.ts';
import type { Dialect } from './dialect.ts';
import { metaDialect } from './dialect-meta.ts';
import { textDialect } from './dialect-text.ts';
import type { Executor } from './executor.ts';
import { toVersion } from './results.ts';

/**
 * The oldest server whose meta commands this package is tested with. Some before it speak them
 * otherwise (ElastiCache 1.6.6), and every server and proxy understands the classic commands.
 */
const META_SINCE = [1, 6, 18] as const;

/**
 * Asks a server for its version: the meta dialect where it is new enough, else text.
 *
 * @throws What `execute` does, but for an answer that is no version: proxies give such.
 */
export async function chooseDialect(executor: Executor): Promise<Dialect> {
  try {
    const version = toVersion(await executor.execute({ verb: 'version' }));
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
  const found = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (found === null) return false;
  for (const [i, wanted] of META_SINCE.entries()) {
    const part = Number(found[i + 1]);
    if (part !== wanted) return part > wanted;
  }
  return true;
}
