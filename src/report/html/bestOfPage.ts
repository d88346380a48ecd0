/** The page of best-of-n: what each reward model gets by choosing, against how many it chooses from. */

import type { BestOfConfig } from '../../config/reward.js';
import type { BestOfDocument } from '../../metrics/index.js';
import { bestOfMeaning, bestOfTitle, type Chooser, choosersOf, scoreTexts } from '../bestOfReport.js';
import { type ChoiceLine, type ColourName, choicesChart } from '../charts/index.js';
import { decimals, gapText, percent, percentInterval } from '../format.js';
import { quoted } from './command.js';
import { type ResultPage, type ResultTable, writeResultPage } from './resultPage.js';
import { rewardArguments } from './rewardCommand.js';

/** Draws and writes the page. @returns its path: `<folder>/reports/best-of-<dataset>-<hash8>.html` */
export async function writeBestOfPage(document: BestOfDocument, folder: string): Promise<string> {
  return writeResultPage(bestOfPage(document), folder);
}

export function bestOfPage(document: BestOfDocument): ResultPage {
  const { config, seeds, n } = document;
  const text = scoreTexts(document);
  return {
    name: `best-of-${config.dataset}`,
    eyebrow: `Best of n · seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`,
    title: bestOfTitle(document),
    lede: bestOfMeaning(document),
    sections: [
      {
        title: 'What is chosen, and what it is worth',
        words: [
          'The policy writes completions to each test prompt; a reward model chooses one of n, and the truth says what it is worth. Random is a choice by chance, oracle a choice by the truth itself: no reward model can do better.',
          'A line that bends down as n grows shows over-optimisation: the reward model is asked about completions that it likes more than the truth does.',
          'Bands are 95 % intervals over test prompts.',
        ],
        charts: [
          {
            draw: (width) =>
              choicesChart(choosersOf(document).map(lineOf), n, { width, yTitle: 'mean truth score' }),
            alt: choosersOf(document)
              .map(
                ({ role, scores }) =>
                  `${role}: ${scores.map((one, i) => `${n[i]}: ${text(one)}`).join(', ')}`,
              )
              .join('; '),
          },
        ],
        tables: [scoreTable(document)],
      },
      {
        title: 'The reward models',
        words: [
          'How often each prefers the better of two completions of the test set, and the performance gap recovered between weak and ceiling.',
        ],
        tables: [accuracyTable(document)],
      },
    ],
    command: commandOf(config as unknown as BestOfConfig),
    config,
  };
}

const LOOKS: Readonly<Record<Chooser['role'], { colour: ColourName; dash?: readonly number[] }>> = {
  random: { colour: 'zero', dash: [2, 3] },
  weak: { colour: 'weak', dash: [6, 3] },
  student: { colour: 'student' },
  ceiling: { colour: 'ceiling', dash: [9, 3, 2, 3] },
  oracle: { colour: 'soft', dash: [1, 2] },
};

const lineOf = ({ role, scores }: Chooser): ChoiceLine => ({ name: role, points: scores, ...LOOKS[role] });

function scoreTable(document: BestOfDocument): ResultTable {
  const { n, kl } = document;
  const choosers = choosersOf(document);
  const text = scoreTexts(document);
  return {
    caption:
      'Mean truth score with 95 % intervals; KL is the most that the choice can be away from the policy, in nats.',
    columns: [
      { title: 'n', number: true },
      { title: 'KL ≤', number: true },
      ...choosers.map(({ role }) => ({ title: role, number: true })),
    ],
    rows: n.map((count, i) => [
      `${count}`,
      decimals(kl[i] ?? 0),
      ...choosers.map(({ scores }) => text(scores[i])),
    ]),
  };
}

function accuracyTable({ accuracy, pgr }: BestOfDocument): ResultTable {
  return {
    caption: `Pairwise accuracy; PGR ${gapText(pgr)}.`,
    columns: [{ title: '' }, { title: 'accuracy', number: true }, { title: '95 % interval', number: true }],
    rows: (['weak', 'student', 'ceiling'] as const).map((role) => [
      role,
      percent(accuracy[role].accuracy),
      percentInterval(accuracy[role].ci95),
    ]),
  };
}

/** The fewest flags that give this result again. */
function commandOf({
  n,
  policy,
  temperature,
  topP,
  sampleSeed,
  maxNewTokens,
  ...reward
}: BestOfConfig): string {
  const own: [flag: string, value: unknown, usual: unknown][] = [
    ['n', n.join(','), '1,2,4,8,16'],
    ['policy', policy, undefined],
    ['temperature', temperature, 1],
    ['top-p', topP, 1],
    ['sample-seed', sampleSeed, 0],
    ['max-new-tokens', maxNewTokens, undefined],
  ];
  const flags = own.flatMap(([flag, value, usual]) =>
    value === usual ? [] : [`--${flag}`, quoted(String(value))],
  );
  return ['npx w2s-native best-of', ...(rewardArguments(reward) ?? []), ...flags].join(' ');
}
