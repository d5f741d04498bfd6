"""Writes what happens to every host as lines of JSON to a descriptor of slipway's.

Works from ansible-core 2.14 on: results have _host, _task and _result up to 2.18, and
host, task and result from 2.19 on.
"""
import gc
import json
import os

from ansible.plugins.callback import CallbackBase
from ansible.plugins import loader

DOCUMENTATION = """
name: slipway_events
type: notification
short_description: tells slipway what happens
description: Writes lines of JSON to the descriptor that SLIPWAY_EVENTS names.
"""


class CallbackModule(CallbackBase):

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = 'slipway_events'
    CALLBACK_NEEDS_ENABLED = False

    def __init__(self, *args, **kwargs):
        super(CallbackModule, self).__init__(*args, **kwargs)
        self._fd = int(os.environ.get('SLIPWAY_EVENTS', '-1'))

    def v2_playbook_on_play_start(self, play):
        _warm()

    def v2_runner_on_start(self, host, task):
        self._tell(event='start', host=host.get_name(), task=task.get_name())

    def v2_runner_on_ok(self, result):
        said = _of(result, 'result')
        if 'slipway' in said:
            self._result('ok', result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result('failed', result, ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._result('unreachable', result)

    def v2_playbook_on_stats(self, stats):
        hosts = {}
        for name in stats.processed:
            s = stats.summarize(name)
            hosts[name] = {'ok': s['ok'], 'failures': s['failures'], 'unreachable': s['unreachable'], 'skipped': s['skipped']}
        self._tell(event='stats', stats=hosts)

    def _result(self, state, result, ignored=False):
        said = _of(result, 'result')
        self._tell(
            event='result', state=state, ignored=ignored,
            host=_of(result, 'host').get_name(), task=_of(result, 'task').get_name(),
            message=_message(said), slipway=said.get('slipway'),
        )

    def _tell(self, **event):
        if self._fd < 0:
            return
        line = json.dumps(event, default=str).encode('utf-8') + b'\n'
        while line:
            line = line[os.write(self._fd, line):]


def _of(result, name):
    value = getattr(result, '_' + name, None) if not hasattr(type(result), name) else getattr(result, name)
    return value if value is not None else getattr(result, name)


def _message(said):
    """A failed task's own words: its message, and where that says little, the end of what it printed."""
    words = [str(said.get('msg') or said.get('censored') or '').strip()]
    for key in ('stderr', 'module_stderr', 'stdout'):
        lines = str(said.get(key) or '').strip().splitlines()
        if lines:
            words.append(lines[-1].strip())
            break
    return ': '.join(w for w in words if w)[:2000]


def _warm():
    """Loads what every worker needs before they are forked, so that it is loaded once
    and not once a host, and keeps their garbage collectors from touching, and so
    copying, all of it. That it fails is no loss."""
    for where, name in (('action_loader', 'slipway'), ('connection_loader', 'ssh'), ('shell_loader', 'sh'), ('become_loader', 'sudo')):
        try:
            getattr(loader, where).get(name, class_only=True)
        except Exception:
            pass
    gc.freeze()
