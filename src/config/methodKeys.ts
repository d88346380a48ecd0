/** Settings of how a model learns and is asked: by training, by a probe on frozen features, by a prompt. */
import { key } from './key.js';
import { choice, numberBetween, positiveNumber, text, wholeNumber } from './values.js';

/** How a text is put to a model; part of every step that reads one. */
export const promptKeys = {
  template: key(text('a text with {text} in it', 'TEXT'), {
    group: 'Training',
    describe: 'What each text is put into, {text} standing for it and \\n for a new line',
    defaultWords: '"{text}\\nAnswer:" with --head tokens, else the text as it is',
  }),
  answers: key(text('one answer a class between commas', 'A,B,…'), {
    group: 'Training',
    describe: 'With --head tokens or unembedding: the word for each class, each of one token',
    defaultWords: 'the names of the classes; No,Yes where they are 0 and 1',
  }),
  answerVocabulary: key(choice(['restricted', 'full']), {
    group: 'Training',
    describe:
      'With --head tokens: probabilities among the answers alone, or log-probabilities over the whole vocabulary',
    default: 'restricted',
  }),
  maxNewTokens: key(wholeNumber(1, 1_000_000), {
    group: 'Training',
    describe: 'Of completions: most tokens of a written answer, the one that ends it included',
    defaultWords: 'the longest answer that was learned; 64 where none was',
  }),
} as const;

/** How a model learns; of `train` and what is built on it. */
export const methodKeys = {
  method: key(choice(['finetune', 'probe', 'finetune-then-probe', 'prompt']), {
    group: 'Training',
    describe:
      'How a model learns: all of its weights, a linear probe on its frozen hidden states, one after the other, or not at all but by examples in its prompt',
    default: 'finetune',
    defaultWords: 'finetune; probe with --weak-features or --strong-features',
  }),
  probeFit: key(choice(['adam', 'lbfgs']), {
    group: 'Training',
    describe: 'With a probe: fitted by Adam in batches of 128, or as a logistic regression by L-BFGS',
    default: 'adam',
  }),
  probeEpochs: key(wholeNumber(1, 1_000_000), {
    group: 'Training',
    describe: 'With --probe-fit adam: passes over the data',
    defaultWords: '200',
  }),
  probeLr: key(positiveNumber(), {
    group: 'Training',
    describe: 'With --probe-fit adam: learning rate',
    defaultWords: '0.001',
  }),
  probeL2: key(numberBetween(0, 1e6), {
    group: 'Training',
    describe: 'With a probe: λ of (λ/2)·‖W‖², beside the mean cross-entropy',
    defaultWords: '0 (adam), 0.001 (lbfgs)',
  }),
  shots: key(wholeNumber(0, 1000), {
    group: 'Training',
    describe: 'With --method prompt: answered examples of the transfer half before each text; 0: none',
    defaultWords: '8',
  }),
} as const;

/** Features that a user brings instead of a model. */
export const featureKeys = {
  weakFeatures: key(text('a file', 'FILE'), {
    group: 'Data',
    describe:
      'Features of every row instead of --weak, for a probe: safetensors with "features" [rows, D], or Parquet or JSONL with id and features',
  }),
  strongFeatures: key(text('a file', 'FILE'), {
    group: 'Data',
    describe: 'The same instead of --strong',
  }),
} as const;
