#!/usr/bin/env bash
# Makes the picture of the README, and what its table says: three experiments of five seeds each, under an hour
# on two cores, and one drawing of them.
#   bash docs/images/make.sh [FOLDER]
set -euo pipefail
out=$(realpath -m "${1:-results/readme}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for dataset in chess-puzzles chess-legal chess-check; do
  node bin/w2s-native.js train --dataset "$dataset" --seed 0,1,2,3,4 --out "$out"
done
node bin/w2s-native.js report "$out" --svg docs/images/chess.svg
