#!/bin/sh
# Prints running, success or failed for a job's number. That the cluster does not answer is no
# failure of the job; that it answers and does not know the job is one.
state=$(squeue --noheader --states=all --format=%T --jobs="$1" 2>/dev/null) ||
    { squeue --noheader >/dev/null 2>&1 && state=GONE; }
case $state in
    COMPLETED) echo success ;;
    BOOT_FAIL | CANCELLED | DEADLINE | FAILED | GONE | NODE_FAIL | OUT_OF_MEMORY | TIMEOUT) echo failed ;;
    *) echo running ;;
esac
