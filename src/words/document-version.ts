/**
 * The version of every JSON document that a command prints, and of its schema in docs/schemas/. A new member does not
 * change the version. Raise it when a member is removed or gets another meaning.
 */
export const documentVersion = 1;
