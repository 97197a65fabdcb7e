"""What checks of an installation share: programs that are run, and that something holds."""
import shutil
import subprocess
import sys


def run(*command, status=0, **options):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, **options)
    if done.returncode != status:
        sys.exit(f"FAILED: {' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


def needed(program):
    found = shutil.which(program)
    check(found, f"{program} is missing: tools/install-packages test")
    return found
