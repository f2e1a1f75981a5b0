import { expect, test } from "vitest";
import { Board } from "../../../src/project/terminal/board.ts";
import { VirtualScreen } from "../../support/screen.ts";

const size = { columns: 30, rows: 12 };

function shown(): {
  readonly screen: VirtualScreen;
  readonly board: Board;
  show: (...lines: readonly string[]) => void;
} {
  const screen = new VirtualScreen(size.columns, size.rows);
  const board = new Board();
  return { screen, board, show: (...lines) => screen.write(board.show(lines, size)) };
}

test("an application that has written half a line goes on with it, and no line of ours is on it", () => {
  const { screen, show } = shown();
  screen.write("one\nhalf ");
  show("recording: 1 call");
  screen.write("a ");
  show("recording: 2 calls");
  screen.write("line\n");
  expect(screen.rows.slice(0, 2)).toEqual(["one", "half a line"]);
  expect(screen.rows.at(-1)).toBe("recording: 2 calls");
});

test("an application at the terminal's last row scrolls above our lines", () => {
  const { screen, show } = shown();
  for (let line = 1; line <= 40; line += 1) screen.write(`line ${line}\n`);
  screen.write("half ");
  show("back");
  screen.write("a line\n");
  show("back", "front");
  for (let line = 1; line <= 30; line += 1) screen.write(`more ${line}\n`);
  screen.write("end");
  expect(screen.rows.slice(7)).toEqual(["more 29", "more 30", "end", "back", "front"]);
});

test("our lines go at the end, and what we say then begins a line of its own", () => {
  const { screen, board, show } = shown();
  screen.write("no newline");
  show("back", "front");
  screen.write(board.freshLine());
  screen.write("said meanwhile\nhalf");
  show();
  screen.write("said at the end\n");
  expect(screen.rows).toEqual([
    "no newline".padEnd(size.columns),
    "said meanwhile",
    "half".padEnd(size.columns),
    "said at the end",
    ...Array.from({ length: 8 }, () => ""),
  ]);
  screen.write("whole\n".repeat(20));
  expect(screen.rows.slice(0, -1)).toEqual(Array.from({ length: size.rows - 1 }, () => "whole"));
});

test("an application that ended its line gets no empty one", () => {
  const { screen, show } = shown();
  screen.write("ended\n");
  show("back");
  show();
  screen.write("said at the end\n");
  expect(screen.rows.slice(0, 3)).toEqual(["ended", "said at the end", ""]);
});

test("more lines than fit are counted, and a small terminal is the application's alone", () => {
  const { screen, board, show } = shown();
  show(...Array.from({ length: 9 }, (_, index) => `service ${index}`));
  expect(screen.rows.slice(-4)).toEqual(["service 0", "service 1", "service 2", "and 6 more"]);
  expect(new Board().show(["recording"], { columns: 30, rows: 8 })).toBe("");
  expect(board.isOpen).toBe(true);
});
