// log softmax of each row of a matrix [B · K]: a helper that examples share.
export function logSoftmax(logits, classes) {
  const result = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const top = Math.max(...row);
    const logSum = top + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
    for (let k = 0; k < classes; k++) result[start + k] = row[k] - logSum;
  }
  return result;
}
