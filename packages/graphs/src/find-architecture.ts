import { type Architecture, GraphError, type ModelDescription, nearest, type Registry } from '@hubfuse/plugin';

/**
 * The architecture of a model by `model_type` of its config.json, or by its class where the config has no type.
 * Undefined where none is registered for it.
 */
export function findArchitecture(
  config: Readonly<Record<string, unknown>>,
  registry: Registry,
): Architecture | undefined {
  const architectures = registry.list('architecture');
  const type = config.model_type;
  if (typeof type === 'string') return architectures.find(({ modelTypes }) => modelTypes.includes(type));
  const className = declaredClass(config);
  return className === undefined ? undefined : architectures.find(({ classes }) => classes.includes(className));
}

/** The first entry of config.json's `architectures`. */
export function declaredClass(config: Readonly<Record<string, unknown>>): string | undefined {
  const declared = config.architectures;
  const first: unknown = Array.isArray(declared) ? declared[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}

/**
 * The architecture and the class of the graph to build.
 * @throws GraphError that names what is supported, where the model or its class is not
 */
export function selectClass(options: {
  config: Readonly<Record<string, unknown>>;
  className?: string | undefined;
  registry: Registry;
}): { architecture: Architecture; model: ModelDescription } {
  const { config, registry } = options;
  const className = options.className ?? declaredClass(config);
  const architecture = findArchitecture(config, registry);
  if (architecture === undefined) {
    const types = registry.list('architecture').flatMap(({ modelTypes }) => modelTypes);
    throw new GraphError({
      code: 'graph/unsupported-architecture',
      where: 'config.json',
      message: `there is no graph for the model type ${JSON.stringify(config.model_type ?? className ?? null)}`,
      hint: `supported model types: ${types.join(', ')}`,
    });
  }
  if (className !== undefined && architecture.classes.includes(className)) {
    return { architecture, model: { className, config } };
  }
  const near = className === undefined ? undefined : nearest(className, architecture.classes);
  throw new GraphError({
    code: 'graph/unsupported-class',
    where: 'config.json',
    message:
      className === undefined
        ? 'the config names no class under "architectures"'
        : `there is no graph for the class ${className}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    hint: `supported classes of ${architecture.name}: ${architecture.classes.join(', ')}`,
  });
}
