import { EXTENSION_KINDS, type Extension, type ExtensionKind, type Registry } from '@hubfuse/plugin';

/** An extension in a list of all kinds. */
export interface ExtensionDescription {
  kind: ExtensionKind;
  name: string;
  /** What it is for, in a few words. */
  about: string;
}

/** Everything that is registered, built-ins and plugins alike, kind by kind. */
export function describeExtensions(registry: Registry): ExtensionDescription[] {
  return EXTENSION_KINDS.flatMap((kind) =>
    registry.list(kind).map((extension) => ({ kind, name: extension.name, about: aboutOf(extension) })),
  );
}

function aboutOf(extension: Extension): string {
  switch (extension.kind) {
    case 'method':
    case 'launcher':
      return extension.description;
    case 'architecture':
      return `model_type ${extension.modelTypes.join(', ')}`;
    case 'task':
      return `scored by ${extension.metric} unless a recipe says otherwise`;
    case 'metric':
      return `for ${extension.tasks.join(', ')}`;
    case 'reader':
      return `files ending in ${extension.extensions.join(', ')}`;
    case 'publisher':
      return `publish.${extension.name} of a recipe`;
    case 'store':
      return `addresses that begin with ${extension.name}:`;
  }
}
