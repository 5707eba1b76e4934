#!/usr/bin/env bash
# Makes the report in docs/reports/multi-site: simulates 322 patients of seven sites, then the whole
# sequence of mrsift train and evaluate. usage: bench/multi_site.sh OUT   (about an hour on 2 cores)
# Run again, it goes on where it was cut off.
set -euo pipefail
out=${1:?usage: bench/multi_site.sh OUT}
recipe=multi-site
mkdir -p "$out"
cd "$out"
mrsift simulate multi-site studies --studies 360 --seed 2026
[ -f data.parquet ] || mrsift dataset index studies --labels studies/labels.csv --out data.parquet
mrsift dataset split data.parquet --by patient --ratios 6:2:2 --seed 7
mrsift dataset check data.parquet
fit() { # NAME SETTING...
  if [ -d "runs/$1" ]; then
    mrsift train --resume "runs/$1"
  else
    mrsift train "$recipe" --data data.parquet --out "runs/$1" "${@:2}"
  fi
}
fit zscore
fit histogram --set preprocess.intensity=histogram
mrsift evaluate runs/zscore --out report --saliency
mrsift compare runs/zscore runs/histogram --out comparison
[ -f multi-site.mrsift ] || mrsift export runs/zscore --out multi-site.mrsift
mrsift identify studies/study-00001 --model multi-site.mrsift
