/** The parts of package.json that the package is made of. */
export interface ProjectManifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: string
  /** What the package asks for. The project itself gets by with less: it brings the Node that it runs on. */
  readonly packageEngines: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly keywords: readonly string[]
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>
  readonly scripts?: Readonly<Record<string, string>>
}

/**
 * What stands in the package's own package.json: the doors lead to what was compiled, and of the dependencies those stay that it imports;
 * the sample shop has some of its own.
 * @param imported the names of the packages that the compiled files and their types import
 */
export function toPackageManifest(project: ProjectManifest, imported: ReadonlySet<string>): object {
  const { name, version, description, license, type, bin, files, keywords } = project
  const dependencies = Object.fromEntries(
    Object.entries(project.dependencies).filter(([dependency]) => imported.has(dependency)),
  )
  const exports = Object.fromEntries(
    Object.entries(project.exports).map(([door, source]) => [door, toCompiled(source)]),
  )
  const { peerDependencies, peerDependenciesMeta } = project
  return {
    ...{ name, version, description, license, keywords, type, engines: project.packageEngines, bin },
    exports: { ...exports, './package.json': './package.json' },
    files,
    dependencies,
    // Nobody installs these; `strangler extract` takes versions from them.
    devDependencies: project.devDependencies,
    ...(peerDependencies === undefined ? {} : { peerDependencies, peerDependenciesMeta }),
  }
}

function toCompiled(source: string): { types: string; default: string } {
  const path = source.replace(/^\.\/strangler\//, './dist/').replace(/\.ts$/, '')
  return { types: `${path}.d.ts`, default: `${path}.js` }
}
