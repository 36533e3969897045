import { spawn } from 'node:child_process';

/**
 * Runs a program of Node.js in a process of its own, which ends with this one.
 * @param {string} program its file
 * @param {object} options what it gets, as JSON in its one argument
 * @returns {Promise<any>} what it prints, read as JSON
 */
export function inChild(program, options) {
  const running = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = () => running.kill('SIGKILL');
  process.once('exit', stop);
  let output = '';
  running.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return new Promise((done, fail) => {
    running.on('error', fail);
    running.on('close', (code, signal) => {
      process.off('exit', stop);
      if (code === 0) done(JSON.parse(output));
      else fail(new Error(`the process ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}
