import { dashboardFiles } from '@hubfuse/dashboard';
import { docsFiles } from './docs-files.ts';
import { logLine, openLambdaServices } from './lambda/open-services.ts';
import { startServer } from './server.ts';
import { DEFAULT_BOUNDS } from './services.ts';

/**
 * The API as a Web Function of Lambda: the server of `hubfuse serve`, where Lambda says, without a dispatcher of its own. What is
 * written into the store wakes the function `dispatch`.
 */
const { environment, services, launcher, webhookSecret } = await openLambdaServices();
const server = await startServer(
  {
    ...services,
    launcher,
    webhookSecret,
    publicUrl: services.publicUrl,
    bounds: DEFAULT_BOUNDS,
    cors: [],
    dashboard: await dashboardFiles(),
    docs: await docsFiles(),
    log: (entry) => logLine('info', { event: 'request', ...entry }),
    onFault: (error, request) => logLine('error', { event: 'fault', request, message: String(error) }),
  },
  { ...environment.listen, graceMs: 500, frontDoor: true },
);
logLine('info', { event: 'listening', url: server.url });
process.once('SIGTERM', () => {
  void server.close().then(() => process.exit(0));
});
