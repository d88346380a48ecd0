/** The commands by name. Only this table is read for `--help`; a command's file is imported when it is called. */
import type { Command } from './command.js';

export interface TableEntry {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  load: () => Promise<{ command: Command }>;
}

export const COMMANDS: readonly TableEntry[] = [
  {
    name: 'train',
    summary: 'One weak-to-strong experiment: weak, weak labels, student, ceiling, PGR',
    load: () => import('./train.js'),
  },
  {
    name: 'bootstrap',
    summary: 'A chain of models, each taught by the one before it',
    load: () => import('./bootstrap.js'),
  },
  {
    name: 'reward',
    summary: 'Weak-to-strong on preferences: reward models, with --generative-finetune',
    load: () => import('./reward.js'),
  },
  {
    name: 'best-of',
    summary: 'What reward models choose from n sampled completions, against n',
    load: () => import('./bestOf.js'),
  },
  { name: 'finetune', summary: 'Fine-tune one model on one file', load: () => import('./finetune.js') },
  { name: 'label', summary: 'Write a model’s labels for a file', load: () => import('./label.js') },
  { name: 'evaluate', summary: 'Score a model on a test file', load: () => import('./evaluate.js') },
  { name: 'generate', summary: 'Let a model continue prompts', load: () => import('./generate.js') },
  {
    name: 'analyse',
    summary: 'One question asked of experiments: agreement, calibration, errors, misfit, …',
    load: () => import('./analyse.js'),
  },
  { name: 'run', summary: 'An experiment of your own, from a module', load: () => import('./run.js') },
  {
    name: 'report',
    summary: 'A table and a page of the results in a folder',
    load: () => import('./report.js'),
  },
  {
    name: 'bench',
    summary: 'How fast this machine trains and labels, and where the time goes',
    load: () => import('./bench.js'),
  },
  { name: 'models', summary: 'List the models that are built in', load: () => import('./models.js') },
  {
    name: 'datasets',
    summary: 'List the data that is built in; `datasets show NAME` prints examples',
    load: () => import('./datasets.js'),
  },
  {
    name: 'doctor',
    summary: 'What is installed, what would be used, and why',
    load: () => import('./doctor.js'),
  },
  { name: 'setup', summary: 'Find or fetch libtorch, build the addon', load: () => import('./setup.js') },
];

/** The top-level `--help`, for which nothing is imported. */
export function topLevelHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2;
  return [
    'Weak-to-strong generalization on a native C++/libtorch engine.',
    '',
    'Usage: w2s-native <command> [options]',
    '',
    'Commands:',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Options:',
    `  ${'--help'.padEnd(width)}This text; after a command, the command’s own`,
    `  ${'--version'.padEnd(width)}The version`,
    `  ${'--verbose'.padEnd(width)}Stack traces with errors`,
    '',
    'First steps:',
    '  npx w2s-native train            a whole experiment on the built-in chess world, CPU, about two minutes',
    '  npx w2s-native train --help     every flag of it',
    '  npx w2s-native doctor           what this machine has',
  ].join('\n');
}
