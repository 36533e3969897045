"""Uses a cache as Python's huggingface_hub does. Started by cache.mjs: cache_client.py find|download REPO CACHE."""

import os
import sys

from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download

action, repo, cache = sys.argv[1:]

if action == "download":
    snapshot_download(repo, cache_dir=cache)
else:
    folder = snapshot_download(repo, cache_dir=cache, local_files_only=True)
    weights = hf_hub_download(repo, "model.safetensors", cache_dir=cache, local_files_only=True)
    assert os.path.dirname(weights) == folder, weights
    scanned = scan_cache_dir(cache)
    assert not scanned.warnings, scanned.warnings
    found = {entry.repo_id: entry for entry in scanned.repos}[repo]
    files = {file.file_name for revision in found.revisions for file in revision.files}
    assert "model.safetensors" in files and "config.json" in files, files
    assert {ref for revision in found.revisions for ref in revision.refs} == {"main"}
