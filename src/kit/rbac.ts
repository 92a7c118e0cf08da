/** Who may do what, by RBAC: the one place to import it from. */
export * from './rbac/built-in.ts';
export * from './rbac/grants.ts';
export * from './rbac/rules.ts';
export * from './rbac/scope.ts';
export * from './rbac/subjects.ts';
