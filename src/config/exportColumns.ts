/** Columns of `--export` that are its own, whatever the input's are called. */
const OWN_COLUMNS = ['id', 'group', 'label', 'logits', 'probabilities'];

/** The name of an export's text column: the input's, unless that is one of the export's own. */
export function exportedTextColumn(given: string | undefined): string {
  return given === undefined || OWN_COLUMNS.includes(given) ? 'text' : given;
}
