"""The demo's invented catalogue: short in-shop EAN-8 codes (2…), weighed goods with price labels, one without price."""

from decimal import Decimal

# Italian name, English name, VAT code, unit, price (None: asked at the till)
GOODS: tuple[tuple[str, str, str, str, str | None], ...] = (
    ("Caffè macinato Aurora 250 g", "Aurora ground coffee 250 g", "22", "pc", "3.49"),
    ("Pane casereccio", "Country bread", "4", "kg", "4.50"),
    ("Latte fresco intero 1 l", "Fresh whole milk 1 l", "4", "pc", "1.89"),
    ("Spaghetti Collina 500 g", "Collina spaghetti 500 g", "4", "pc", "1.19"),
    ("Penne Collina 500 g", "Collina penne 500 g", "4", "pc", "1.19"),
    ("Passata di pomodoro 700 g", "Tomato passata 700 g", "4", "pc", "1.55"),
    ("Olio extravergine Poggio 1 l", "Poggio extra virgin olive oil 1 l", "4", "pc", "9.90"),
    ("Parmigiano stagionato", "Aged parmesan", "4", "kg", "22.90"),
    ("Mozzarella di bufala 250 g", "Buffalo mozzarella 250 g", "4", "pc", "4.20"),
    ("Prosciutto crudo", "Cured ham", "10", "kg", "31.50"),
    ("Uova fresche, 6", "Fresh eggs, 6", "10", "pc", "2.35"),
    ("Acqua naturale Sorgiva 1,5 l", "Sorgiva still water 1.5 l", "22", "pc", "0.45"),
    ("Acqua frizzante Sorgiva 1,5 l", "Sorgiva sparkling water 1.5 l", "22", "pc", "0.49"),
    ("Aranciata 1,5 l", "Orange soda 1.5 l", "22", "pc", "1.65"),
    ("Birra chiara Torrente 66 cl", "Torrente lager 66 cl", "22", "pc", "1.79"),
    ("Vino rosso Colle Vento 75 cl", "Colle Vento red wine 75 cl", "22", "pc", "6.90"),
    ("Vino bianco Colle Vento 75 cl", "Colle Vento white wine 75 cl", "22", "pc", "6.50"),
    ("Biscotti al burro 350 g", "Butter biscuits 350 g", "10", "pc", "2.19"),
    ("Cioccolato fondente 100 g", "Dark chocolate 100 g", "10", "pc", "1.99"),
    ("Marmellata di albicocche 320 g", "Apricot jam 320 g", "10", "pc", "2.75"),
    ("Miele di acacia 500 g", "Acacia honey 500 g", "10", "pc", "7.40"),
    ("Yogurt bianco 2 x 125 g", "Plain yogurt 2 x 125 g", "10", "pc", "1.15"),
    ("Burro 250 g", "Butter 250 g", "4", "pc", "2.89"),
    ("Zucchero 1 kg", "Sugar 1 kg", "10", "pc", "1.29"),
    ("Sale fino 1 kg", "Fine salt 1 kg", "22", "pc", "0.55"),
    ("Farina 00 1 kg", "Soft wheat flour 1 kg", "4", "pc", "0.89"),
    ("Riso Carnaroli 1 kg", "Carnaroli rice 1 kg", "4", "pc", "3.25"),
    ("Mele Golden", "Golden apples", "4", "kg", "1.98"),
    ("Banane", "Bananas", "4", "kg", "1.79"),
    ("Pomodori ciliegino", "Cherry tomatoes", "4", "kg", "3.80"),
    ("Insalata in busta 150 g", "Bagged salad 150 g", "4", "pc", "1.69"),
    ("Basilico in vaso", "Potted basil", "10", "pc", "1.99"),
    ("Detersivo piatti 1 l", "Washing-up liquid 1 l", "22", "pc", "1.75"),
    ("Sapone mani 300 ml", "Hand soap 300 ml", "22", "pc", "1.59"),
    ("Carta igienica, 8 rotoli", "Toilet paper, 8 rolls", "22", "pc", "3.99"),
    ("Carta da cucina, 2 rotoli", "Kitchen paper, 2 rolls", "22", "pc", "2.15"),
    ("Pile stilo AA, 4", "AA batteries, 4", "22", "pc", "4.49"),
    ("Quaderno a quadretti", "Squared notebook", "22", "pc", "1.90"),
    ("Giornale", "Newspaper", "4", "pc", None),
    ("Borsa riutilizzabile", "Reusable bag", "22", "pc", "0.15"),
)


def ean8(number: int) -> str:
    """Return the in-shop EAN-8 of the n-th item: 2, six digits, check digit."""
    body = f"2{number:06d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)


def label_code(number: int, price: Decimal) -> str:
    """Return the code on the label of weighed goods: 2, six digits of the item, five of the price, check digit."""
    body = f"2{number:06d}{int(price * 100):05d}"
    total = sum(int(digit) * (1 if place % 2 == 0 else 3) for place, digit in enumerate(body))
    return body + str(-total % 10)
