/**
 * Facts for explanations: what calls do, what they open, and which vulnerabilities they reached. They have a module of
 * their own because most commands do not need them.
 */
export { describeSyscall, spellingsOf } from "./descriptions.ts";
export { exposureOf, exposures } from "./exposures.ts";
export { subsystems } from "./subsystems.ts";
export { userNamespaceCalls, vulnerabilities } from "./vulnerabilities.ts";
