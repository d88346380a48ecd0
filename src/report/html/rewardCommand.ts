/** The commands that repeat `reward` and `best-of`. */

import type { RewardConfig } from '../../config/reward.js';
import { argumentsOf, quoted, settingsOf } from './command.js';

/** The fewest flags that give this experiment again; null where no settings of this version do. */
export function rewardArguments({ generative, ...train }: RewardConfig): string[] | null {
  const settings = settingsOf(train);
  if (settings === null) return null;
  const own =
    generative === undefined
      ? []
      : [
          '--generative-finetune',
          '--generative-epochs',
          String(generative.epochs),
          '--generative-lr',
          String(generative.lr),
        ];
  return [...argumentsOf(settings), ...own].map(quoted);
}
