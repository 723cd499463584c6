// The members of the Standard Schema interface, version 1, that are used here (https://standardschema.dev). Zod,
// valibot, arktype and others fill it without a dependency either way.

/** A validator with the type that it takes and the type that it gives. */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Carries the types; never there at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validator found: the value as it gives it, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type that a schema takes. */
export type SchemaInput<S extends Schema> = NonNullable<S['~standard']['types']>['input'];

/** The type that a schema gives. */
export type SchemaOutput<S extends Schema> = NonNullable<S['~standard']['types']>['output'];
