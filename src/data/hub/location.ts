import { W2sError } from '../../errors.js';

/** A file of a data set on the hub, as `hf://datasets/OWNER/NAME[@REVISION]/PATH` names it. */
export interface HubLocation {
  /** `OWNER/NAME`. */
  repo: string;
  /** Branch, tag or commit. */
  revision: string;
  path: string;
}

const FORM = 'hf://datasets/OWNER/NAME/PATH';

export const isHubLocation = (file: string): boolean => file.startsWith('hf://');

/** Branches that the hub keeps itself have a slash in their name; elsewhere one would be written `%2F`. */
const PATTERN = /^hf:\/\/datasets\/([\w.-]+\/[\w.-]+)(?:@(refs\/(?:convert|pr)\/[\w.-]+|[^/]+))?(?:\/(.*))?$/;

/**
 * Reads a location; without a path where none is named. `@~parquet` is the hub's automatic conversion, as
 * DuckDB spells it. Throws ERR_CONFIG on anything else.
 * @param flag for messages: `--data`
 */
export function parseHubLocation(
  text: string,
  flag: string,
): Omit<HubLocation, 'path'> & Partial<HubLocation> {
  const [, repo, written = 'main', path = ''] = PATTERN.exec(text) ?? [];
  const revision = written === '~parquet' ? 'refs/convert/parquet' : written.replaceAll(/%2F/gi, '/');
  const steps = [...revision.split('/'), ...(path === '' ? [] : path.split('/'))];
  const climbs = steps.some((step) => /^\.{0,2}$|\\/.test(step));
  if (repo === undefined || climbs || /^\.|\.\.|--/.test(repo)) {
    throw new W2sError('ERR_CONFIG', `Expected ${FORM} for ${flag} but received "${text}".`, {
      hint: `A file of one's own: ${flag} FILE; of a revision: hf://datasets/OWNER/NAME@REVISION/PATH`,
    });
  }
  return { repo, revision, ...(path === '' ? {} : { path }) };
}

/** The location as text, as short as it can be. */
export function hubLocationText({ repo, revision, path }: HubLocation): string {
  return `hf://datasets/${repo}${revision === 'main' ? '' : `@${revision}`}/${path}`;
}
