// npm run playground: `memwire playground` with its pages as they are in the sources.
//   --screenshots           makes the pictures of the README instead; needs chromium
import { playgroundCommand } from '../../cli/playground-command.ts';
import { processTerminal } from '../../cli/process-terminal.ts';
import { bundlePages } from './bundle.ts';

const args = process.argv.slice(2);
if (args.includes('--screenshots')) {
  const { takeScreenshots } = await import('./screenshots.ts');
  await takeScreenshots();
} else {
  process.exitCode = await playgroundCommand(args, processTerminal(), await bundlePages());
}
