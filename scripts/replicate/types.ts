/** A preset that was run. */
export interface Finished {
  name: string;
  /** What it is, from the preset's first line. */
  about: string;
  /** Of this machine's time when it was last run; what the store held took none. */
  seconds: number;
  /** Of the code that ran it. */
  commit: string;
  document: Record<string, unknown>;
}

/** Where and with what. */
export interface Environment {
  machine: string;
  date: string;
  versions: string;
  seeds: string;
}

/** A Markdown page and the pictures that it shows, by file name. */
export interface Page {
  text: string;
  charts: Readonly<Record<string, string>>;
}
