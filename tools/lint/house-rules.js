/** Rules of this repository that no published linter has. */

/** A condition within a template string's condition must be read twice. With a name, it is read once. */
const noNestedTernaryInTemplate = {
  create: (context) => ({
    ConditionalExpression(node) {
      const above = ancestors(node);
      const template = above.findIndex(({ type }) => type === "TemplateLiteral");
      const outer = above.findIndex(({ type }) => type === "ConditionalExpression");
      const functions = above.findIndex(({ type }) => /Function/.test(type));
      const same = (index) => index >= 0 && (functions < 0 || index < functions);
      if (same(template) && same(outer) && above.slice(0, Math.max(template, outer)).every(isInline)) {
        context.report({ node, message: "A ternary is nested in a template string: give the inner one a name." });
      }
    },
  }),
};

function ancestors(node) {
  const found = [];
  for (let above = node.parent; above; above = above.parent) found.push(above);
  return found;
}

const isInline = ({ type }) => !/Statement|Declaration/.test(type);

export default { meta: { name: "house" }, rules: { "no-nested-ternary-in-template": noNestedTernaryInTemplate } };
