/**
 * The version of every JSON document that a command prints, and of its schema in docs/schemas/. A new member keeps the
 * version. Raise it when a member goes, or comes to mean something else.
 */
export const documentVersion = 1;
