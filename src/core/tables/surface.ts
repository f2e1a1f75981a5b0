/**
 * Facts for those who explain: what calls do, what they open and which vulnerabilities they
 * reached. Apart from the others, for most commands do not ask for them.
 */
export { describeSyscall, spellingsOf } from "./descriptions.ts";
export { exposureOf, exposures } from "./exposures.ts";
export { subsystems } from "./subsystems.ts";
export { userNamespaceCalls, vulnerabilities } from "./vulnerabilities.ts";
