/** Every preset of experiments/ is a configuration that its command takes. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AnalyseRaw, analyseKeys, resolveAnalyseConfig } from '../../src/config/analyse.js';
import { allBootstrapKeys, type BootstrapRaw, resolveBootstrapConfig } from '../../src/config/bootstrap.js';
import { readConfigFile } from '../../src/config/file.js';
import type { Keys } from '../../src/config/key.js';
import { type RewardRaw, resolveRewardConfig, rewardKeys } from '../../src/config/reward.js';
import { allTrainKeys, resolveTrainConfig, type TrainRaw } from '../../src/config/train.js';

const folder = resolve(import.meta.dirname, '..', '..', 'experiments');
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
const layer = <R>(file: string, keys: Keys, command: string) =>
  readConfigFile<R>(join(folder, file), keys, command);

const RESOLVE: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  train: async (file) => resolveTrainConfig([await layer<TrainRaw>(file, allTrainKeys, 'train')]),
  bootstrap: async (file) =>
    resolveBootstrapConfig([await layer<BootstrapRaw>(file, allBootstrapKeys, 'bootstrap')]),
  reward: async (file) => resolveRewardConfig([await layer<RewardRaw>(file, rewardKeys, 'reward')]),
  analyse: async (file) =>
    resolveAnalyseConfig(file.replace(/^analyse-|\.yaml$/g, ''), [
      await layer<AnalyseRaw>(file, analyseKeys, 'analyse'),
    ]),
};

describe('presets', () => {
  test.each(files)('%s', async (file) => {
    const resolveFile = RESOLVE[file.split(/[-.]/)[0] ?? ''];
    expect(await resolveFile?.(file)).toMatchObject({});
  });
});
