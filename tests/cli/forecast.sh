# The whole way of a forecast: train with its table, info, eval, forecast as CSV, JSON and pictures; then tables as they
# come: each gets its line or a stated choice.
. "$(dirname "$0")/lib.sh"

small_series
expect 0 '' "$RONDO" train series.yaml --out one --threads 1
check "training ends with the table" grep -qE '^  seasonal-naive +[0-9.]+ ' err
check "and says in words whether it beats naive" grep -qE '^The model (beats|does not beat) the naive forecast: its mse is [0-9.]+ % (lower|higher)\.$' err
check "and seasonal-naive" grep -qE '^The model .* the seasonal-naive forecast' err
check "and drift" grep -qE '^The model .* the drift forecast' err
check "it says what it was validated on" grep -q '133 training windows, 61 validation windows, validated on 2020-03-08 00:00 to 2020-03-10 23:00' err
expect 0 '' "$RONDO" train series.yaml --out two --threads 2 --quiet
check "same bits with 2 threads" cmp one/model.safetensors two/model.safetensors
expect 0 '' "$RONDO" train one/recipe.yaml --out again --quiet
check "recipe.yaml as run gives the same model" cmp one/model.safetensors again/model.safetensors
model=one/model.safetensors
expect 0 '' "$RONDO" info $model
check "info names window and step" grep -qE '^step +1 hour' out
expect 0 '' "$RONDO" eval $model --data loads.csv
check "eval rolls over the whole file" grep -qE '^windows +205$' out
check "eval prints the table" grep -q '^The model .* the naive forecast' out
expect 0 '' "$RONDO" eval $model --data loads.csv --json
check "eval --json has the baselines" python3 -c 'import json; d = json.load(open("out")); assert d["naive_mse"] > 0 and d["seasonal_mase"] > 0 and d["mae_units"] > 0'

# ---- forecasts ----
expect 0 '' "$RONDO" forecast $model --data loads.csv
check "CSV: a header and a row for each step" [ "$(wc -l < out)" -eq 13 ]
check "the header names the columns" [ "$(head -1 out)" = "time,load,temp" ]
check "it begins after the last row" grep -qE '^2020-03-11 00:00,[0-9.]+,[0-9.]+$' out
cp out whole
expect 0 '' "$RONDO" forecast $model --data loads.csv --threads 2
check "threads change nothing" cmp out whole
expect 0 '' "$RONDO" forecast $model --data loads.csv --target temp
check "one target" cmp <(cut -d, -f1,3 whole) out
table 252 > longer.csv
expect 0 '' "$RONDO" forecast $model --data longer.csv --from 240
check "--from a row is as if the file ended there" cmp out whole
expect 0 '' "$RONDO" forecast $model --data longer.csv --from "2020-03-11 00:00"
check "--from a time is the same" cmp out whole
expect 0 '' "$RONDO" forecast $model --data longer.csv --from 2020-03-11T00:00:00 --json
check "--json has times, points and truths" python3 -c 'import json; d = json.load(open("out")); s = d["series"][0]; assert s["time"][0] == "2020-03-11 00:00" and len(s["targets"]["load"]["point"]) == 12 and s["targets"]["temp"]["truth"][11] is not None'
expect 0 '' "$RONDO" forecast $model --data loads.csv --horizon 30
check "a longer horizon" [ "$(wc -l < out)" -eq 31 ]
check "begins like the model's own" cmp <(head -13 out) whole
check "a note says how it came" grep -q 'forecasts 12 steps: beyond them' err
expect 0 '' "$RONDO" forecast $model --data loads.csv --horizon 5
check "a shorter one" cmp <(head -6 whole) out
tr ',' ';' < loads.csv | sed 's/\./,/g' > german.csv
expect 0 '' "$RONDO" forecast $model --data german.csv
check "semicolons and decimal commas" cmp out whole
if "$RONDO" --version | grep -q cairo; then
    expect 0 '' "$RONDO" forecast $model --data longer.csv --from 240 --target load --plot load.svg
    check "the picture has history, forecast and truth" grep -q '<svg' load.svg
    expect 0 '' "$RONDO" forecast $model --data loads.csv --plot all.png
    check "a picture for each target" [ -s all-load.png -a -s all-temp.png ]
    expect 2 'plot' "$RONDO" forecast $model --data loads.csv --plot all.gif
fi
expect 2 'no data' "$RONDO" forecast $model
small_tags
expect 0 '' "$RONDO" train tags.yaml --out tagger --quiet --set train.max_steps=1
expect 2 'tagger/model.safetensors: only a model of task forecast' "$RONDO" forecast tagger/model.safetensors --data loads.csv
expect 2 'nothing.csv' "$RONDO" forecast $model --data nothing.csv
expect 2 'horizon' "$RONDO" forecast $model --data loads.csv --horizon 0
expect 2 'quantiles' "$RONDO" forecast $model --data loads.csv --quantiles 0.9,0.1
expect 2 'points, not quantiles' "$RONDO" forecast $model --data loads.csv --quantiles 0.1,0.9
expect 2 "no series 'x'" "$RONDO" forecast $model --data loads.csv --series x
expect 2 "'lod' is no target.*did you mean load" "$RONDO" forecast $model --data loads.csv --target lod
expect 2 'neither a step' "$RONDO" forecast $model --data loads.csv --from tomorrow
expect 2 'shorter than one window' "$RONDO" forecast $model --data loads.csv --from 5
expect 2 "no column 'temp'" "$RONDO" forecast $model --data <(cut -d, -f1,2 loads.csv)
expect 2 '30 minutes.*1 hour' "$RONDO" forecast $model --data <(awk 'NR == 1 { print; next } { printf "2020-03-01 %02d:%02d,1,2,0\n", int((NR - 2) / 2), (NR - 2) % 2 * 30 }' loads.csv | head -40)

# ---- quantiles, what is known ahead, several series ----
expect 0 '' "$RONDO" train series.yaml --out bands --quiet --set model.output=quantiles --set 'data.targets=[load]' --set 'data.future_covariates=[plan]' --set 'data.calendar=[hour]'
expect 2 "column 'plan' has no value for 2020-03-11 .*step 1" "$RONDO" forecast bands/model.safetensors --data loads.csv
{ cat loads.csv; table 12 240 | tail -n +2 | awk -F, '{ print $1 ",,," $4 }'; } > planned.csv
expect 0 '' "$RONDO" forecast bands/model.safetensors --data planned.csv
check "quantiles are columns" [ "$(head -1 out)" = "time,load,load_0.1,load_0.5,load_0.9" ]
check "and rise" awk -F, 'NR > 1 && !($3 <= $4 && $4 <= $5) { exit 1 }' out
expect 0 '' "$RONDO" forecast bands/model.safetensors --data planned.csv --quantiles 0.25,0.75
check "between the trained ones" [ "$(head -1 out)" = "time,load,load_0.25,load_0.75" ]
expect 2 'beyond those' "$RONDO" forecast bands/model.safetensors --data planned.csv --quantiles 0.01,0.99
mkdir shops
cp loads.csv shops/north.csv
sed 's/,2\([0-9]\)\./,4\1./' loads.csv > shops/south.csv
expect 0 '' "$RONDO" train series.yaml --out shop --quiet --set data.file=shops --set 'data.targets=[load]'
expect 0 '' "$RONDO" forecast shop/model.safetensors --data shops
check "several series have a column" grep -qE '^2020-03-11 00:00,south,' out
expect 0 '' "$RONDO" forecast shop/model.safetensors --data shops --series south
check "one of them" [ "$(grep -c ',south,' out)" -eq 12 ]
head -20 loads.csv > shops/west.csv
expect 0 '' "$RONDO" forecast shop/model.safetensors --data shops
check "a short one does not stop the others" [ "$(grep -cE ',(north|south),' out)" -eq 24 -a "$(wc -l < out)" -eq 25 ]
check "and is told of" grep -q "series 'west' has no forecast: 19 steps are known, the model looks at 24" err
expect 2 "shorter than one window: series 'west'" "$RONDO" forecast shop/model.safetensors --data shops --series west
rm shops/north.csv
cp shops/west.csv shops/south.csv
expect 2 'shorter than one window: no series has the 24 steps' "$RONDO" forecast shop/model.safetensors --data shops

# trading days: each row is a step, and weekends are none
python3 - > days.csv <<'PYTHON'
import datetime
print("Date,close")
day, level = datetime.date(2020, 1, 1), 100.0
for i in range(260):
    print(f"{day},{level:.3f}")
    level *= 1 + 0.01 * ((i * 37) % 11 - 5) / 5
    day += datetime.timedelta(days=3 if day.weekday() == 4 else 1)
PYTHON
sed 's/loads.csv/days.csv/; s/time: time/time: Date/; s/\[load, temp\]/[close]\n  steps: rows\n  transform: returns/; s/\[168, 72\]/["2020-10-01", 0.2]/' series.yaml > days.yaml
expect 0 '' "$RONDO" train days.yaml --out days --set model.horizon=5
check "it is validated from the date on" grep -q 'validated on 2020-10-01 to' err
expect 0 '' "$RONDO" forecast days/model.safetensors --data days.csv
check "Friday is followed by Monday" [ "$(cut -d, -f1 out | tail -n +2 | tr '\n' ' ')" = "2020-12-30 2020-12-31 2021-01-01 2021-01-04 2021-01-05 " ]
sed '2~9s/^\([^,]*\)/\1T05:00/' days.csv > odd-days.csv
expect 2 'odd-days.csv:[0-9]+: .*steps: rows' "$RONDO" train days.yaml --out never --set data.steps=time --set data.file=odd-days.csv

# ---- tables as they come ----
wrong() { # wrong PATTERN: bad.csv in place of the data
    expect 2 "$1" "$RONDO" train series.yaml --out never --set data.file=bad.csv
    [ -e never ] && note_failure "refused data left a folder behind: $1"
    expect 2 "$1" "$RONDO" eval $model --data bad.csv
    expect 2 "$1" "$RONDO" forecast $model --data bad.csv
}
{ head -50 loads.csv; sed -n 53p loads.csv; sed -n 52p loads.csv; tail -n +54 loads.csv; } > bad.csv
wrong 'bad.csv:52: .*comes after.*line 51.*sort'
{ head -50 loads.csv; tail -n +50 loads.csv; } > bad.csv
wrong 'bad.csv:51: .*line 50 already'
sed '60s/,[^,]*,/,n\/v,/' loads.csv > bad.csv
wrong "bad.csv:60: column 'load': 'n/v' is not a number"
sed '60s/,[^,]*,/,inf,/' loads.csv > bad.csv
wrong "bad.csv:60: column 'load'.*inf"
sed '60s/^[^,]*/yesterday/' loads.csv > bad.csv
wrong "bad.csv:60: column 'time': 'yesterday' is no time"
head -20 loads.csv > bad.csv
expect 2 'shorter|splits' "$RONDO" train series.yaml --out never --set data.file=bad.csv
expect 2 'shorter than one window' "$RONDO" train series.yaml --out never --set data.file=bad.csv --set data.splits=[0.8]
expect 2 'shorter than one window' "$RONDO" eval $model --data bad.csv
expect 2 'shorter than one window' "$RONDO" forecast $model --data bad.csv
sed 's/temp/tmp/' loads.csv > bad.csv
wrong "no column 'temp' \(did you mean 'tmp'"
sed '60s/,[^,]*$//' loads.csv > bad.csv
wrong 'bad.csv:60: '
: > bad.csv
wrong 'bad.csv'
head -1 loads.csv > bad.csv
wrong 'bad.csv'
head -c 4000 /dev/urandom > bad.csv
wrong 'bad.csv'
expect 2 'no room|no window fits' "$RONDO" train series.yaml --out never --set data.splits=[200,5]
expect 2 'shorter than its parts' "$RONDO" train series.yaml --out never --set data.splits=[9000,5]
# a constant column and missing values are told, and are no failure
awk -F, 'BEGIN { OFS = "," } NR > 1 { $3 = 4 } NR % 9 == 4 { $2 = NR % 2 ? "" : "NaN" } NR == 100 { next } { print }' loads.csv > odd.csv
expect 0 '' "$RONDO" train series.yaml --out odd --set data.file=odd.csv
check "a constant column is told" grep -q "column 'temp' is constant" err
check "missing values are told" grep -qE "odd.csv:4: column 'load': 27 of 2[0-9]+ values are missing \(masked" err
check "a gap is told" grep -q 'odd.csv:100: 1 step is missing between' err
expect 0 '' "$RONDO" forecast odd/model.safetensors --data odd.csv
check "forecasts of it are numbers" [ "$(grep -cE '^2020-03-11 [0-9:]+,[0-9.]+,[0-9.]+$' out)" -eq 12 ]
expect 0 '' "$RONDO" forecast $model --data odd.csv
check "missing values that training did not know are told" grep -q "column 'load' misses . of the last 24 values" err

# where the naive forecasts make no error the words say so; where no season has passed, seasonal-naive is naive
awk -F, 'BEGIN { OFS = "," } NR > 1 { $2 = 7 } { print }' loads.csv > flat.csv
expect 0 '' "$RONDO" train series.yaml --out flat --set data.file=flat.csv --set 'data.targets=[load]'
check "a constant target" grep -q '^The model does not beat the naive forecast, which makes no error\.$' err
check "no number of the table is none" [ "$(grep -ciE '\b(nan|inf)\b' err)" -eq 0 ]
expect 0 '' "$RONDO" train series.yaml --out brief --quiet --set model.window=3 --set model.horizon=2
expect 0 '' "$RONDO" eval brief/model.safetensors --data loads.csv
check "a window below a season is compared with all three" [ "$(grep -cE '^The model (beats|does not beat) the (naive|seasonal-naive|drift)' out)" -eq 3 ]
# three rows; a column that is called é; lines that end in CR LF; a byte order mark
head -4 loads.csv > three.csv
expect 0 '' "$RONDO" train series.yaml --out three --quiet --set data.file=three.csv --set 'data.splits=[]' --set model.window=1 --set model.horizon=1
{ printf '\xef\xbb\xbf'; sed '1s/load/é/; s/$/\r/' loads.csv; } > accent.csv
expect 0 '' "$RONDO" train series.yaml --out accent --quiet --set data.file=accent.csv --set 'data.targets=[é, temp]'
expect 0 '' "$RONDO" forecast accent/model.safetensors --data accent.csv
check "is like any other" cmp <(tail -n +2 out) <(tail -n +2 whole)
awk -F, 'BEGIN { OFS = "," } NR > 1 { $2 = "" } { print }' loads.csv > none.csv
expect 2 "none.csv: column 'load': no value in the training part" "$RONDO" train series.yaml --out never --set data.file=none.csv
sed '60s/,[^,]*,/,1e300,/' loads.csv > far.csv
expect 2 "far.csv: column 'load': 1e\+300 in step 58 is too far" "$RONDO" forecast $model --data far.csv
expect 2 "far.csv: column 'load': 1e\+300 in step 58 is too far" "$RONDO" eval $model --data far.csv
expect 2 "too large to be scaled" "$RONDO" train series.yaml --out never --set data.file=<(sed 's/^\([^,]*,[0-9.]*\),/\1e300,/' loads.csv)

# ---- recipes that do not fit ----
refuse() { # refuse PATTERN SET...
    local pattern=$1 sets=()
    shift
    for set in "$@"; do sets+=(--set "$set"); done
    expect 2 "$pattern" "$RONDO" train series.yaml --out never "${sets[@]}"
}
refuse "'week' is no feature of the time" 'data.calendar=[week]'
sed '/time: time/d' series.yaml > untimed.yaml
expect 2 'data.calendar needs data.time' "$RONDO" train untimed.yaml --out never --set 'data.calendar=[hour]'
expect 0 '' "$RONDO" train untimed.yaml --out untimed --quiet
expect 0 '' "$RONDO" forecast untimed/model.safetensors --data loads.csv
check "without times rows are counted" grep -q '^240,' out
refuse 'third part' 'data.splits=[0.5,0.2,0.3]'
refuse 'model.bidirectional needs model.mode direct' model.bidirectional=true model.mode=recursive
refuse 'model.patch must divide model.window' model.patch=5
refuse 'model.horizon' model.patch=8 model.mode=encoder_decoder
refuse 'model.patch above 1' model.patch=2 model.mode=recursive
refuse 'model.autoregressive needs' model.autoregressive=true model.mode=recursive
refuse 'know data.covariates ahead' 'data.covariates=[plan]' model.mode=recursive
refuse 'model.quantiles must rise' model.output=quantiles 'model.quantiles=[0.5,0.1]'
refuse 'model.output of a forecast' model.output=softmax
refuse 'of counts' model.output=negative_binomial data.transform=logs
refuse 'cannot be shifted' model.output=negative_binomial model.instance_norm=reversible
refuse 'is no count' model.output=negative_binomial
refuse "named twice" 'data.targets=[load,load]'
refuse 'no logarithm' data.transform=logs 'data.targets=[plan]'
refuse 'train.metric' train.metric=bleu
refuse 'train.metric crps needs quantiles or a distribution' train.metric=crps
expect 2 "train.metric: the evaluation has no number for 'mase'" "$RONDO" train series.yaml --out unscored --quiet --set train.metric=mase --set data.season=200
check "and leaves no folder behind" [ ! -e unscored ]
mkdir mine && touch mine/notes
expect 2 "train.metric" "$RONDO" train series.yaml --out mine --quiet --set train.metric=mase --set data.season=200
mkdir lying && sed 's,data:,data:\n  folder: .,' series.yaml > lying/recipe.yaml && cp lying/recipe.yaml lying.yaml
expect 2 "train.metric" "$RONDO" train lying/recipe.yaml --out lying --quiet --set data.folder=.. --set train.metric=mase --set data.season=200
check "and the recipe that lay there as it was" sh -c '[ "$(ls lying)" = recipe.yaml ] && cmp lying/recipe.yaml lying.yaml'
check "nor anything in one that was there" [ "$(ls mine)" = notes ]
expect 2 "forecast: paths is for a recursive model" "$RONDO" forecast $model --data loads.csv --paths 20
expect 0 '' "$RONDO" train series.yaml --out drawn --quiet --set model.mode=recursive --set model.output=gaussian --set train.epochs=1
expect 0 '' "$RONDO" forecast drawn/model.safetensors --data loads.csv --paths 20
finish
