"""Where two things of a page lie on each other: words, fields and buttons, as somebody sees them."""

FIND_OVERLAPS = """() => {
    const clipped = (box, element) => {
        if (!element.checkVisibility({contentVisibilityAuto: true})) return null;
        let {left, top, right, bottom} = box;
        for (let one = element; one !== null; one = one.parentElement) {
            const style = getComputedStyle(one);
            if (style.visibility === 'hidden' || Number(style.opacity) === 0) return null;
            if (style.clipPath !== 'none' || style.clip !== 'auto') return null;
            if (one === element && one.matches('input, select, textarea')) continue;
            if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
            const edge = one.getBoundingClientRect();
            [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
            [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
        }
        return right - left > 2 && bottom - top > 2 ? {left, top, right, bottom} : null;
    };
    // What is stuck to an edge lies over what scrolls below it, and a dialog over all: each layer by itself.
    const layerOf = element => {
        for (let one = element; one !== null; one = one.parentElement) {
            const {position, zIndex} = getComputedStyle(one);
            if (position === 'fixed' || position === 'sticky' || (position === 'absolute' && zIndex !== 'auto'))
                return one;
        }
        return null;
    };
    // A button may stand within a field, in padding where no text runs.
    const isWithin = (one, other) => one.parentElement === other.closest('button')?.parentElement
        && getComputedStyle(other.closest('button')).position === 'absolute';
    const things = [];
    const add = (box, element, name) => {
        const seen = clipped(box, element);
        if (seen !== null) things.push({...seen, element, name, layer: layerOf(element)});
    };
    for (const element of document.querySelectorAll('input, select, textarea, button'))
        if (!element.matches('input[type=radio], input[type=checkbox], input[type=file]'))
            add(element.getBoundingClientRect(), element, element.dataset.testid ?? element.textContent.trim());
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (text.data.trim() === '' || text.parentElement.closest('svg, script, noscript, option') !== null) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        // Lines of one text are set as close as their font allows: a box is taller than its letters.
        for (const {left, top, right, bottom} of range.getClientRects()) {
            const air = (bottom - top) / 5;
            add({left, top: top + air, right, bottom: bottom - air}, text.parentElement, text.data.trim());
        }
    }
    const found = [];
    things.forEach((one, index) => things.slice(index + 1).forEach(other => {
        if (one.layer !== other.layer) return;
        if (one.element.contains(other.element) || other.element.contains(one.element)) return;
        if (isWithin(one.element, other.element) || isWithin(other.element, one.element)) return;
        const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        const size = `${Math.round(width)} x ${Math.round(height)}`;
        if (width > 2 && height > 2) found.push(`${one.name} | ${other.name}: ${size}`);
    }));
    return found.slice(0, 5);
}"""
