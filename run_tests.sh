#!/bin/sh
# The acceptance tests of the contract against the API that runs in this container:
#
#   docker exec -it NAME bash run_tests.sh            (reads only)
#   docker exec -it NAME bash run_tests.sh --write    (also books sessions, which stay)
#
# TEST_USERNAME and TEST_PASSWORD name the account; without them it is the demonstration's.
exec sessional selftest --url "http://127.0.0.1:${SESSIONAL_PORT:-8000}" \
  --username "${TEST_USERNAME:-test_user}" --password "${TEST_PASSWORD:-password}" "$@"
