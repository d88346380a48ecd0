/**
 * The texts of a question of SciQ with each of its four answers, the right one first, behind what stands `before` it.
 * @param {{ question: string, correct_answer: string, distractor1: string, distractor2: string, distractor3: string }} row
 * @param {string} before
 */
export const fourAnswers = (row, before) =>
  [row.correct_answer, row.distractor1, row.distractor2, row.distractor3].map(
    (answer) => `${before}Q: ${row.question} A: ${answer}`,
  );
