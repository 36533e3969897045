/** The SDK warns on every start under Node.js 20, which hubfuse supports; whoever wants the warning sets the variable. */
export function hushSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
