/** The globals that a program uses: names that no scope around them declares. */

import type { AnyNode, Identifier, Pattern } from "acorn";

/** Calls `see` for every node of a program, parents first. `key` is the field of the parent that holds it. */
export function walk(
  node: AnyNode,
  see: (node: AnyNode, parent: AnyNode | null, key: string) => void,
  parent: AnyNode | null = null,
  key = "",
): void {
  see(node, parent, key);
  forChildren(node, (child, field) => walk(child, see, node, field));
}

/** The names that a program uses and does not declare. */
export function freeNames(program: AnyNode): Set<string> {
  const free = new Set<string>();
  const visit = (node: AnyNode, parent: AnyNode | null, key: string, scopes: Set<string>[]) => {
    if (node.type === "Identifier") {
      const { name } = node;
      const used = isReference(node, parent, key);
      if (used && !scopes.some((scope) => scope.has(name))) free.add(name);
      return;
    }
    const inner = opensScope(node) ? [...scopes, declaredIn(node)] : scopes;
    forChildren(node, (child, field) => visit(child, node, field, inner));
  };
  visit(program, null, "", []);
  return free;
}

function forChildren(node: AnyNode, take: (child: AnyNode, field: string) => void): void {
  for (const [field, value] of Object.entries(node)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one?.type === "string") take(one, field);
    }
  }
}

function isFunction(node: AnyNode) {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

function opensScope(node: AnyNode): boolean {
  switch (node.type) {
    case "Program":
    case "BlockStatement":
    case "StaticBlock":
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "SwitchStatement":
    case "CatchClause":
    case "ClassExpression":
      return true;
    default:
      return isFunction(node);
  }
}

/** The names that a scope's own node declares for what is inside it. */
function declaredIn(scope: AnyNode): Set<string> {
  const names = new Set<string>();
  const add = (pattern: Pattern | null | undefined) => {
    for (const name of pattern ? boundBy(pattern) : []) names.add(name);
  };
  if ((scope.type === "FunctionExpression" || scope.type === "ClassExpression") && scope.id) {
    names.add(scope.id.name);
  }
  if (isFunction(scope)) {
    for (const parameter of (scope as { params: Pattern[] }).params) add(parameter);
    if (scope.type !== "ArrowFunctionExpression") names.add("arguments");
  }
  if (scope.type === "CatchClause") add(scope.param);
  const hoists = isFunction(scope) || scope.type === "Program" || scope.type === "StaticBlock";
  const collect = (node: AnyNode, isDirect: boolean) => {
    if (node.type === "VariableDeclaration") {
      const isHere = node.kind === "var" ? hoists : isDirect;
      for (const { id } of isHere ? node.declarations : []) add(id);
    } else if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") {
      if (isDirect && node.id) names.add(node.id.name);
      return;
    } else if (node.type === "ImportDeclaration") {
      for (const { local } of node.specifiers) names.add(local.name);
    }
    if (isFunction(node)) return;
    const passes = node.type === "ExportNamedDeclaration" ||
      node.type === "ExportDefaultDeclaration" ||
      node.type === "SwitchCase";
    forChildren(node, (child) => collect(child, isDirect && passes));
  };
  forChildren(scope, (child) => collect(child, true));
  return names;
}

/** Whether an identifier stands for a value, not for the name of a member or a label. */
function isReference(_: Identifier, parent: AnyNode | null, key: string): boolean {
  switch (parent?.type) {
    case "MemberExpression":
      return key !== "property" || parent.computed;
    case "Property":
      return key !== "key" || parent.computed;
    case "PropertyDefinition":
    case "MethodDefinition":
      return key !== "key" || parent.computed;
    case "ImportSpecifier":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
      return false;
    case "ExportSpecifier":
      return key === "local";
    default:
      return true;
  }
}

/** The names that a pattern binds. */
function boundBy(pattern: Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((p) => boundBy(p.type === "Property" ? p.value : p));
    case "ArrayPattern":
      return pattern.elements.flatMap((p) => p === null ? [] : boundBy(p));
    case "RestElement":
      return boundBy(pattern.argument);
    case "AssignmentPattern":
      return boundBy(pattern.left);
    default:
      return [];
  }
}
