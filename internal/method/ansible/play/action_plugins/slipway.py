"""Calls slipway-host on a host, once; puts what is missing there and calls again.

Runs on the machine that runs Ansible, inside the worker of one host, like the raw
action: the host needs sh and coreutils, and no Python. What to ask lies in files
beside the playbook, which slipway wrote for this run alone. The result always has a
key "slipway", which says what is known; slipway judges it, this file does not.
"""
import json
import os
import shlex
import time

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

RUN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Our place on a host. The variable slipway_directory of a host names another one, for
# hosts on which nothing below /var may be executed.
PLACE = '/var/lib/slipway'

# Words that the scripts below say, and that this file looks for.
BEGUN = 'slipway-host: begun'
MISSING = 'slipway-host: missing on '
TROUBLE = 'slipway-host: trouble: '

# Up to this size an artifact is streamed with the call, which is one round trip; a
# larger one is copied as a file, since Ansible holds what it streams in memory.
STREAM_MOST = 32 * 1024 * 1024

# Up to this size an update's artifact goes along with the first call. Asking first
# whether the host needs it costs more than sending it does, and nearly all do.
EAGER_MOST = 16 * 1024 * 1024

# How long a lost host is left alone before it is called again.
PAUSE = 2

# ssh says these when it never had a session, so that nothing was started.
NEVER_BEGAN = (
    'ssh: connect to host', 'Could not resolve hostname', 'Permission denied', 'Host key verification failed',
    'Connection refused', 'No route to host', 'Connection timed out', 'kex_exchange_identification',
    'banner exchange', 'mux_client_request_session: read from master failed', 'Too many authentication failures',
    'REMOTE HOST IDENTIFICATION HAS CHANGED', 'Bad configuration option', 'sshpass', 'waiting for privilege escalation',
)

# ssh says these when it had a session and lost it, whatever the reason that follows.
HAD_SESSION = ('Read from remote host', 'client_loop: ', 'packet_write_wait: ', 'Shared connection to ')


class Lost(Exception):
    """No answer: the host was not reached, or was lost. begun: the helper may have started."""

    def __init__(self, words, begun):
        super(Lost, self).__init__(words)
        self.begun = begun


class ActionModule(ActionBase):

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        name = (task_vars or {}).get('inventory_hostname', '')
        known = {'begun': False, 'calls': 0}
        result['slipway'] = known
        try:
            self._job = _read(os.path.join(RUN, 'job.json'))
            path = os.path.join(RUN, 'requests', name.encode('utf-8').hex() + '.json')
            if not os.path.exists(path):
                raise AnsibleError('%s is not among the hosts of this run' % name)
            self._path, self._call = path, _read(path)
            self._known = known
            self._try_once()
            self._place = str((task_vars or {}).get('slipway_directory') or PLACE)
            known['answer'] = self._ask()
            result['failed'] = json.loads(known['answer']).get('code') != 'ok'
            if result['failed']:
                result['msg'] = json.loads(known['answer']).get('reason', '')
        except Lost as e:
            known['lost'] = result['msg'] = str(e)
            result['unreachable'] = True
        except Exception as e:
            known['problem'] = result['msg'] = str(e)
            result['failed'] = True
        return result

    def _try_once(self):
        """Keeps ssh from trying again by itself: what it says is of its last try, and hides
        that the helper began in an earlier one. A lost host is called again here."""
        try:
            self._connection.set_option('reconnection_retries', 0)
        except Exception:
            pass  # a connection of another kind, which has no such option

    def _ask(self):
        answer = self._again(self._eager if self._eagerly() else self._plain)
        arch = _after(answer, MISSING)
        if arch:
            answer = self._again(lambda: self._with_helper(arch))
        line = _answer(answer)
        if line and json.loads(line).get('code') == 'needs artifact':
            self._known['begun'] = False
            line = _answer(self._again(self._with_artifact))
        if not line:
            raise AnsibleError(_words(answer))
        return line

    def _again(self, step):
        """Does a step, and once more when the host was lost in it: the helper then
        goes on with what it does and answers the second call with that result."""
        try:
            return step()
        except Lost as e:
            if not e.begun:
                raise
            self._known['begun'] = True
            first = str(e)
        time.sleep(PAUSE)
        try:
            return step()
        except Lost as e:
            raise Lost('%s; and when called again: %s' % (first, e), True)

    def _plain(self):
        return self._shell(FIND + CALL)

    def _eagerly(self):
        path = (self._call.get('artifact') or {}).get('file')
        return (self._call['request'].get('verb') == 'update' and path and self._streams()
                and os.path.getsize(path) <= EAGER_MOST)

    def _eager(self):
        put = self._call['artifact']
        return self._send(FIND_EAGER + PUT_IF_IT_FITS + CALL + DROP, put['file'], f=self._incoming(put['path']))

    def _with_helper(self, machine):
        helper = self._job['helpers'].get(machine)
        if helper is None:
            raise AnsibleError('there is no helper for %s, what "uname -m" says on the host (there is: %s)'
                               % (machine, ', '.join(sorted(self._job['helpers']))))
        if helper.get('problem'):
            raise AnsibleError(helper['problem'])
        return self._send(INSTALL + CALL, helper['file'])

    def _with_artifact(self):
        put = self._call.get('artifact') or {}
        if not put.get('file'):
            raise AnsibleError('the host needs an artifact and slipway has none to send: '
                               + (put.get('problem') or 'the command comes without one'))
        return self._send(FIND + PUT + CALL + DROP, put['file'], f=self._incoming(put['path']))

    def _send(self, script, path, **names):
        """Runs a script that reads a file of this machine from its standard input."""
        if self._streams() and os.path.getsize(path) <= STREAM_MOST:
            with open(path, 'rb') as f:
                return self._shell(script, data=f.read(), **names)
        return self._shell('exec < "$i"; ' + script, i=self._put('artifact', path), **names)

    def _put(self, name, path):
        """Copies a file of this machine into the task's directory on the host: there is
        one a task, and Ansible removes the one it knows of."""
        try:
            there = self._connection._shell.join_path(self._connection._shell.tmpdir or self._make_tmp_path(), name)
            self._connection.put_file(path, there)
        except AnsibleConnectionFailure as e:
            raise Lost(str(e), False)
        return there

    def _shell(self, script, data=b'', **names):
        """Runs a script as root, with names as its variables, and returns what it said.

        The request is the first line of standard input, or a file where that cannot be
        streamed: never an argument, which everybody on the host could read."""
        if self._streams():
            data, script = self._request() + data, READ_REQUEST + script
        else:
            names['q'], data = self._put('request', self._request_file()), None
            script = READ_REQUEST_FILE + script
        lines = ''.join('%s=%s; ' % (n, shlex.quote(v)) for n, v in sorted(names.items()))
        lines += self._which() + script
        self._known['calls'] += 1
        try:
            out = self._low_level_execute_command('/bin/sh -c ' + shlex.quote(lines), in_data=data, executable=False)
        except AnsibleConnectionFailure as e:
            raise Lost(str(e), _began(str(e)))
        except AnsibleError as e:
            if 'waiting for privilege escalation' in str(e):
                raise Lost(str(e), False)
            raise
        if _after(out, TROUBLE):
            raise AnsibleError(_words(out))
        if BEGUN in out['stderr'] or BEGUN in out['stdout']:
            self._known['begun'] = True
            if not _answer(out):
                # The helper was started and is gone: killed, or the host went down with it.
                raise Lost('the helper gave no answer: ' + _words(out), True)
        return out

    def _which(self):
        """Tells a script which helper is the host's, by what its kernel calls the machine."""
        cases = ''.join('%s) s=%s;; ' % (machine, h.get('sha256') or 'none')
                        for machine, h in sorted(self._job['helpers'].items()))
        return 'm=$(uname -m); case $m in %s*) s=none;; esac; p=%s; h="$p/bin/slipway-host-$s"; ' % (cases, shlex.quote(self._place))

    def _request(self):
        request = dict(self._call['request'])
        for key in ('artifact', 'previous'):
            if request.get(key):
                request[key] = dict(request[key], path=self._incoming(request[key]['path']))
        return json.dumps(request, separators=(',', ':')).encode('utf-8') + b'\n'

    def _request_file(self):
        path = self._path + '.line'
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'wb') as f:
            f.write(self._request())
        return path

    def _incoming(self, name):
        return '%s/.incoming/%s' % (self._place, name)

    def _streams(self):
        return self._is_pipelining_enabled('new')


# The scripts. Their variables: m is the machine, s the helper's sha256, h its path, p
# our place on the host, r the request, f where an artifact goes. What builtins of the
# shell are given is in nobody's list of processes.
READ_REQUEST = 'IFS= read -r r; '
READ_REQUEST_FILE = 'IFS= read -r r < "$q"; '
FIND = 'if [ ! -x "$h" ]; then echo "' + MISSING + '$m"; exit 0; fi; '
# What is on its way is taken in all the same: Ansible minds when nobody reads it.
FIND_EAGER = 'if [ ! -x "$h" ]; then cat > /dev/null; echo "' + MISSING + '$m"; exit 0; fi; '
CALL = 'echo "' + BEGUN + '" >&2; printf "%s\\n" "$r" | "$h" call'
NO_ROOT = '[ "$(id -u)" = 0 ] || echo "$(id -un) is not root on this host: let Ansible become root there"; '
INSTALL = (
    'umask 022; t="$p/bin/.new.$$"; find "$p/bin" -name ".new.*" -mmin +60 -delete 2>/dev/null; '
    'mkdir -p "$p/bin" && gunzip -c > "$t" && echo "$s  $t" | sha256sum -c >/dev/null && chmod 755 "$t" && { sync "$t" 2>/dev/null || sync; } && mv -f "$t" "$h"'
    ' || { rm -f "$t"; echo "' + TROUBLE + 'the helper could not be put in $p/bin"; ' + NO_ROOT + 'exit 0; }; '
    # Helpers of other versions may still be wanted; the oldest are not.
    'ls -t "$p"/bin/slipway-host-* | tail -n +5 | while read -r o; do rm -f "$o"; done; '
)
PUT = (
    'umask 077; find "${f%/*}" -type f -mmin +1440 -delete 2>/dev/null; mkdir -p "${f%/*}" && cat > "$f.$$" && mv -f "$f.$$" "$f"'
    ' || { rm -f "$f.$$"; echo "' + TROUBLE + 'the artifact could not be put at $f"; exit 0; }; '
)
# The helper may have no need of it, or have done all this before: it decides.
PUT_IF_IT_FITS = (
    '(umask 077; mkdir -p "${f%/*}" && cat > "$f.$$" && mv -f "$f.$$" "$f") 2>/dev/null'
    ' || { rm -f "$f.$$"; cat > /dev/null; }; '
)
DROP = '; e=$?; rm -f "$f"; exit $e'


def _read(path):
    with open(path, 'rb') as f:
        return json.loads(f.read().decode('utf-8'))


def _answer(out):
    """The helper's line of JSON, or nothing. A terminal may have added \\r and other lines."""
    for line in reversed(out['stdout'].splitlines()):
        line = line.strip()
        if line.startswith('{') and line.endswith('}'):
            try:
                if 'code' in json.loads(line):
                    return line
            except ValueError:
                pass
    return ''


def _after(out, word):
    for line in out['stdout'].splitlines():
        if line.startswith(word):
            return line[len(word):].strip()
    return ''


def _words(out):
    said = [line.strip() for line in (out['stdout'] + '\n' + out['stderr']).splitlines()]
    said = [line.replace(TROUBLE, '') for line in said if line and line != BEGUN]
    return '; '.join(said[:6]) or 'exit code %s and not a word' % out['rc']


def _began(words):
    """Whether a lost call may have reached the helper. Without a sign either way it may."""
    if BEGUN in words or any(sign in words for sign in HAD_SESSION):
        return True
    return not any(sign in words for sign in NEVER_BEGAN)
