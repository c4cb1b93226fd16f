# bindings/python: its own tests against the shared library beside the command. RONDO_PYTHON: which Python, else python3.
. "$(dirname "$0")/lib.sh"
python=${RONDO_PYTHON:-python3}
command -v "$python" > /dev/null || { echo "no python3"; exit 77; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "$python is older than 3.10"; exit 77; }
"$python" -c 'import numpy' 2> /dev/null || { echo "$python has no numpy"; exit 77; }
library=$(dirname "$RONDO")/librondo.so
[ -f "$library" ] || { echo "built without the shared library"; exit 77; }
export RONDO_LIBRARY=$library PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$RONDO_TOP/bindings/python/src:$RONDO_TOP/bindings/python/tests
checks=$((checks + 1))
"$python" -X dev -m unittest discover -s "$RONDO_TOP/bindings/python/tests" > out 2>&1 || note_failure "$(tail -n 60 out)"
tail -n 3 out
# without the library: one clear line
export RONDO_LIBRARY=$work/none.so
"$python" -c 'import rondo' 2> err && note_failure "a library that is not there was found"
check "the mend is named" grep -q "^ImportError: rondo: no librondo .*RONDO_LIBRARY" err
finish
