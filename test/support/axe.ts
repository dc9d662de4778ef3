// What axe finds wrong with a page.
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** The rules that a page breaks, each with its elements. Its policy must let scripts in. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate<AxeResults>('axe.run()');
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
  );
}
